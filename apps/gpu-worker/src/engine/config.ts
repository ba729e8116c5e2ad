import { cpus } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { readMachineMemory } from '../devices/machine-memory.ts'
import { CUDA_CALLS, type CudaCalls } from './onnx/runtime/cuda-calls.ts'
import { parseNodeCacheKind, type NodeCacheKind } from './node-graph/node-cache.ts'
import { engineSettings } from './settings.ts'

const GIB = 2 ** 30
/** Share of the memory, the machine's (its container's) or the device's, that loaded models may take; the rest is for what they compute. */
const MEMORY_SHARE = 0.6
/** Bytes of a weight as it is counted (f32) for one byte it takes on the device: CUDA keeps half precision. */
const COUNTED_BYTES = { cpu: 1, cuda: 2 }

const schema = z.object({
  ...engineSettings,
  // The ledger's, which an engine does not know.
  ATELIER_DATA: z.string().default('data'),
  ATELIER_DEVICE_TITLE: z.string().optional().describe('name of the GPU, told by the supervisor'),
  ATELIER_DEVICE_MEMORY_BYTES: z.coerce.number().positive().optional().describe('its memory'),
})

/** Settings of the engine process. */
export interface EngineConfig {
  /** "cpu" or "cuda:N". */
  readonly device: string
  readonly title: string
  /** How networks are called on CUDA. */
  readonly cudaCalls: CudaCalls
  readonly threads: number
  /** For the weights of loaded models, counted as f32. */
  readonly budgetBytes: number
  readonly slots: number
  readonly maxBatchElements: number
  /** Calls have few numbers of rows: cuDNN prepares each shape at its first call. */
  readonly fillsBuckets: boolean
  /** Calls of networks leave the engine free: the requests of one work during another. */
  readonly takesTurns: boolean
  /** ControlNets are part of the graphs of the UNets they guide: what they add is larger than all else that would cross. */
  readonly joinsControls: boolean
  /** Where it is kept how long calls take on this device. */
  readonly rowCurvesPath: string
  /** Pixels of a picture that the autoencoder decodes whole at most. */
  readonly maxWholePixels: number
  /** Which results of node graphs stay between two prompts. */
  readonly nodeCache: NodeCacheKind
  /** How long the fake engine's network takes, milliseconds. */
  readonly fakeStepMs: number
  /** How much longer its first call takes after it was loaded, milliseconds. */
  readonly fakeLoadMs: number
}

/** Jobs at once by default: one on a CPU, in the order of the queue as the originals run them; a GPU shares its calls. */
const DEFAULT_SLOTS = { cpu: 1, cuda: 8 }
/** Latent elements of a 512x512 picture. */
const PICTURE_ELEMENTS = 4 * 64 * 64
/**
 * Rows joined into one evaluation at most, in 512x512 pictures: bounds the memory of a call; how many are worth joining is
 * measured below that.
 */
const MAX_BATCH_PICTURES = { cpu: 4, cuda: 32 }

/**
 * Memory of decoding a picture whole, bytes a pixel (estimated from single calls: decision 0013), and the share of
 * the machine's memory it may take. A GPU says itself when it has no more.
 */
const DECODE_BYTES_A_PIXEL = 4096
const DECODE_SHARE = 0.25
const MEGAPIXEL = 2 ** 20

/** Reads the engine's settings; the supervisor has checked them. */
export function readEngineConfig(environment: Record<string, string | undefined>): EngineConfig {
  const settings = schema.parse(environment)
  const device = settings.ATELIER_DEVICE === 'auto' ? 'cpu' : settings.ATELIER_DEVICE
  const kind = device === 'cpu' ? 'cpu' : 'cuda'
  const memory = settings.ATELIER_DEVICE_MEMORY_BYTES ?? readMachineMemory().totalBytes
  const budget =
    settings.ATELIER_MODEL_MEMORY_GB === undefined
      ? memory * MEMORY_SHARE
      : settings.ATELIER_MODEL_MEMORY_GB * GIB
  return {
    device,
    title: kind === 'cpu' ? (cpus()[0]?.model ?? 'CPU') : (settings.ATELIER_DEVICE_TITLE ?? device),
    cudaCalls: settings.ATELIER_CUDA_CALLS === 'auto' ? CUDA_CALLS[0] : settings.ATELIER_CUDA_CALLS,
    threads: settings.ATELIER_THREADS,
    budgetBytes: budget * COUNTED_BYTES[kind],
    slots: settings.ATELIER_SLOTS ?? DEFAULT_SLOTS[kind],
    maxBatchElements: MAX_BATCH_PICTURES[kind] * PICTURE_ELEMENTS,
    fillsBuckets: kind === 'cuda',
    takesTurns: kind === 'cuda' && settings.ATELIER_CUDA_CALLS !== 'binding',
    joinsControls: kind === 'cuda',
    rowCurvesPath: join(settings.ATELIER_DATA, `row-curves-${device.replace(':', '')}.json`),
    maxWholePixels: toWholePixels(settings.ATELIER_MAX_WHOLE_MEGAPIXELS, kind),
    nodeCache: parseNodeCacheKind(settings.ATELIER_NODE_CACHE),
    fakeStepMs: settings.ATELIER_FAKE_STEP_MS,
    fakeLoadMs: settings.ATELIER_FAKE_LOAD_MS,
  }
}

/** The environment of this process. */
export function readEnvironment(): Record<string, string | undefined> {
  return process.env
}

function toWholePixels(megapixels: number | undefined, kind: 'cpu' | 'cuda'): number {
  if (megapixels !== undefined) return megapixels * MEGAPIXEL
  return kind === 'cuda' ? Infinity : (readMachineMemory().totalBytes * DECODE_SHARE) / DECODE_BYTES_A_PIXEL
}
