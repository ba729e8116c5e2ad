import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { findCudaLibraries, withCudaFolder } from './cuda-libraries.ts'
import { findKnownFault } from './known-faults.ts'
import { listGpus, type Gpu } from './list-gpus.ts'

/** Where one engine runs. */
export interface ChosenDevice {
  /** "cpu" or "cuda:N". */
  readonly device: string
  readonly gpu?: Gpu
}

/** What a choice is made with. */
export interface ChoiceOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Lists the GPUs; absent: asks the driver. */
  readonly list?: typeof listGpus
  /** Looks for CUDA's libraries; absent: on this machine. */
  readonly find?: typeof findCudaLibraries
  /** Proves a device; absent: in a process of its own. */
  readonly prove?: typeof proveInChild
}

/** A driver's first start may take long, milliseconds. */
const PROOF_TIMEOUT_MS = 180_000
const PROOF = new URL('../engine/prove-device-main.ts', import.meta.url)

/**
 * The devices a worker uses: the one asked for, or, with "auto", every GPU that passes its test, else the CPU. A GPU that
 * fails is told with its reason and left out.
 * @throws Error when a GPU was asked for by name and cannot be used
 */
export async function chooseDevices(
  wanted: string,
  options: ChoiceOptions,
): Promise<readonly ChosenDevice[]> {
  if (wanted === 'cpu') return [{ device: 'cpu' }]
  const { environment, logger, list = listGpus, find = findCudaLibraries, prove = proveInChild } = options
  const { gpus, reason } = await list()
  const asked = gpus.filter(({ index }) => wanted === 'auto' || wanted === `cuda:${index}`)
  if (wanted !== 'auto' && asked.length === 0)
    throw new Error(
      `${wanted} cannot be used: ${reason ?? `the driver shows ${gpus.length} GPUs`}; see: atelier doctor`,
    )
  const usable: ChosenDevice[] = []
  for (const gpu of asked) {
    const device = `cuda:${gpu.index}`
    const failure = await prove(device, environment)
    // The loader knows more folders than we look into, so that only a failure is explained.
    const fault = failure && (findKnownFault(gpu.driver, find(environment)) ?? failure)
    if (fault === undefined) usable.push({ device, gpu })
    else if (wanted === device) throw new Error(`${fault}; see: atelier doctor`)
    else
      logger.warn(
        { device, gpu: gpu.title, fault },
        `${gpu.title} is left out: ${fault}; see: atelier doctor`,
      )
  }
  if (usable.length > 0) return usable
  logger.info({ reason }, 'networks run on the CPU')
  return [{ device: 'cpu' }]
}

/** Runs a device's test in a process of its own: undefined when it passed, else why not. */
export async function proveInChild(
  device: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(PROOF)], {
    env: { ...withCudaFolder(environment), ATELIER_DEVICE: device },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PROOF_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once('error', () => resolve([1, null]))
    child.once('close', (...end) => resolve(end))
  })
  if (code === 0) return undefined
  return text.trim().split('\n').at(-1) || `its test ended with ${signal ?? code}`
}
