import { arch, cpus, freemem, totalmem } from 'node:os'
import { CUDA_CALLS } from '../engine/onnx/runtime/cuda-calls.ts'
import { findCudaLibraries, type CudaLibraries } from './cuda-libraries.ts'
import { INSTALL_COMMAND, isTooOld, MINIMUM_DRIVER } from './known-faults.ts'
import { listGpus } from './list-gpus.ts'
import { CALLS_TEXT, proveCalls, type proveInChild } from './prove-calls.ts'

/** One line of the description: what was found, and the command that mends it where something is missing. */
export interface Finding {
  readonly subject: string
  readonly state: 'ok' | 'missing' | 'failed'
  readonly text: string
  readonly mend?: string
}

/** What the description asks; each part can be stood in for. */
export interface MachineProbes {
  readonly list?: typeof listGpus
  readonly find?: typeof findCudaLibraries
  readonly prove?: typeof proveInChild
}

const GIB = 2 ** 30

/** Looks over this machine: processor, driver, GPUs, libraries, and whether each GPU calculates. */
export async function describeMachine(
  environment: Readonly<Record<string, string | undefined>>,
  { list = listGpus, find = findCudaLibraries, prove }: MachineProbes = {},
): Promise<readonly Finding[]> {
  const findings: Finding[] = [
    {
      subject: 'processor',
      state: 'ok',
      text: `${cpus()[0]?.model ?? arch()}, ${cpus().length} cores, ${toGib(freemem())} of ${toGib(totalmem())} free`,
    },
  ]
  const { gpus, reason } = await list()
  const libraries = find(environment)
  findings.push(describeDriver(gpus[0]?.driver, reason))
  findings.push(...describeLibraries(libraries))
  const isComplete = libraries.missing.length === 0
  for (const { index, title, memoryFreeBytes, memoryTotalBytes } of gpus) {
    const device = `cuda:${index}`
    const memory = `${title}, ${toGib(memoryFreeBytes)} of ${toGib(memoryTotalBytes)} free`
    if (!isComplete) {
      findings.push({
        subject: device,
        state: 'failed',
        text: `${memory}; not tested: libraries are missing`,
      })
      continue
    }
    const { calls, failure } = await proveCalls(device, { environment, cudaCalls: CUDA_CALLS, prove })
    if (calls === undefined)
      findings.push({ subject: device, state: 'failed', text: `${memory}; ${failure}` })
    else {
      const why = failure === undefined ? '' : `: ${failure}`
      const text = `${memory}; it calculates as the CPU does, ${CALLS_TEXT[calls]}${why}`
      findings.push({ subject: device, state: 'ok', text })
    }
  }
  return findings
}

function describeDriver(driver: string | undefined, reason: string | undefined): Finding {
  const subject = 'NVIDIA driver'
  if (driver === undefined)
    return {
      subject,
      state: 'missing',
      text: reason ?? 'none',
      mend: `install the NVIDIA driver, ${MINIMUM_DRIVER} or newer`,
    }
  if (!isTooOld(driver)) return { subject, state: 'ok', text: driver }
  const text = `${driver} is too old for CUDA 13`
  return { subject, state: 'failed', text, mend: `install driver ${MINIMUM_DRIVER} or newer` }
}

function describeLibraries({ version, providerVersion, missing, providerFolder }: CudaLibraries): Finding[] {
  const provider = missing.filter((file) => file.startsWith('libonnxruntime'))
  const cuda = missing.filter((file) => !file.startsWith('libonnxruntime'))
  const name = `ONNX Runtime ${version}`
  const isOther = provider.length === 0 && providerVersion !== undefined && providerVersion !== version
  return [
    isOther
      ? {
          subject: name,
          state: 'failed',
          text: `its CUDA provider is of ${providerVersion}`,
          mend: INSTALL_COMMAND,
        }
      : toFinding(name, provider, `CUDA provider in ${providerFolder}`),
    toFinding('CUDA and cuDNN', cuda, 'CUDA 13, cuDNN 9'),
  ]
}

function toFinding(subject: string, missing: readonly string[], text: string): Finding {
  if (missing.length === 0) return { subject, state: 'ok', text }
  return { subject, state: 'missing', text: `missing: ${missing.join(', ')}`, mend: INSTALL_COMMAND }
}

/** The findings as lines of text, the command that mends below what it mends. */
export function toLines(findings: readonly Finding[]): string[] {
  const width = Math.max(...findings.map(({ subject }) => subject.length))
  return findings.flatMap(({ subject, state, text, mend }) => [
    `${state.padEnd(8)}${subject.padEnd(width + 2)}${text}`,
    ...(mend === undefined ? [] : [`${' '.repeat(width + 10)}mend: ${mend}`]),
  ])
}

function toGib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`
}
