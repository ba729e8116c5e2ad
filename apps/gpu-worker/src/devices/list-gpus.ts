import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What NVIDIA's driver says of one GPU. */
export interface Gpu {
  /** Number of the device, as in "cuda:N". */
  readonly index: number
  readonly title: string
  /** Version of the driver, such as "580.65.06". */
  readonly driver: string
  readonly memoryTotalBytes: number
  readonly memoryFreeBytes: number
}

/** Runs a program and gives what it prints. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<string>

const MIB = 2 ** 20
const FIELDS = ['index', 'name', 'driver_version', 'memory.total', 'memory.free']
/** A driver that hangs must not hold up the start, milliseconds. */
const TIMEOUT_MS = 10_000

/** The program as the driver's installation puts it on the path. */
const runProgram: RunProgram = async (program, args) => {
  const { stdout } = await promisify(execFile)(program, [...args], { timeout: TIMEOUT_MS })
  return stdout
}

/**
 * The GPUs the driver shows (`nvidia-smi`), or why there are none.
 * Never throws: a machine without a driver has no GPUs, which is no fault.
 */
export async function listGpus(run: RunProgram = runProgram): Promise<{ gpus: Gpu[]; reason?: string }> {
  const query = [`--query-gpu=${FIELDS.join()}`, '--format=csv,noheader,nounits']
  try {
    const gpus = parseGpus(await run('nvidia-smi', query))
    return gpus.length > 0 ? { gpus } : { gpus, reason: 'the NVIDIA driver shows no GPU' }
  } catch (error) {
    return { gpus: [], reason: toReason(error) }
  }
}

/** Reads the lines of `nvidia-smi --query-gpu`; lines that are none are left out. */
export function parseGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const [index, title, driver, total, free] = line.split(',').map((field) => field.trim())
    if (!/^\d+$/.test(index ?? '') || title === undefined || driver === undefined) return []
    // "[N/A]" where the driver does not tell (integrated GPUs share the host's memory).
    const toBytes = (field: string | undefined) => (Number(field) || 0) * MIB
    return [
      {
        index: Number(index),
        title,
        driver,
        memoryTotalBytes: toBytes(total),
        memoryFreeBytes: toBytes(free),
      },
    ]
  })
}

function toReason(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    return 'there is no NVIDIA driver (nvidia-smi is not on the path)'
  const text = error instanceof Error && 'stdout' in error ? String(error.stdout).trim() : ''
  return `the NVIDIA driver does not answer: ${text || (error instanceof Error ? error.message : String(error))}`
}
