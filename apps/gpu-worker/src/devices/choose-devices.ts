import type { Logger } from 'pino'
import type { CudaCalls } from '../engine/onnx/runtime/cuda-calls.ts'
import { findCudaLibraries } from './cuda-libraries.ts'
import { findKnownFault } from './known-faults.ts'
import { listGpus, type Gpu } from './list-gpus.ts'
import { CALLS_TEXT, proveCalls, type proveInChild } from './prove-calls.ts'

/** Where one engine runs. */
export interface ChosenDevice {
  /** "cpu" or "cuda:N". */
  readonly device: string
  readonly gpu?: Gpu
  /** How networks are called there. */
  readonly cudaCalls?: CudaCalls
}

/** What a choice is made with. */
export interface ChoiceOptions {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** Ways of calling networks on a GPU, of which the first that passes its test is taken. */
  readonly cudaCalls: readonly CudaCalls[]
  /** Lists the GPUs; absent: asks the driver. */
  readonly list?: typeof listGpus
  /** Looks for CUDA's libraries; absent: on this machine. */
  readonly find?: typeof findCudaLibraries
  /** Proves a device; absent: in a process of its own. */
  readonly prove?: typeof proveInChild
}

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
  const { environment, cudaCalls, logger, list = listGpus, find = findCudaLibraries, prove } = options
  const { gpus, reason } = await list()
  const asked = gpus.filter(({ index }) => wanted === 'auto' || wanted === `cuda:${index}`)
  if (wanted !== 'auto' && asked.length === 0)
    throw new Error(
      `${wanted} cannot be used: ${reason ?? `the driver shows ${gpus.length} GPUs`}; see: atelier doctor`,
    )
  const usable: ChosenDevice[] = []
  for (const gpu of asked) {
    const device = `cuda:${gpu.index}`
    const { calls, failure } = await proveCalls(device, { environment, cudaCalls, prove })
    if (calls !== undefined) {
      usable.push({ device, gpu, cudaCalls: calls })
      if (failure) logger.warn({ device, failure }, `${gpu.title} is called ${CALLS_TEXT[calls]}: ${failure}`)
      continue
    }
    // The loader knows more folders than we look into, so that only a failure is explained.
    const fault = findKnownFault(gpu.driver, find(environment)) ?? failure
    if (wanted === device) throw new Error(`${fault}; see: atelier doctor`)
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
