import type { DiffusersSettings, PredictionKind, TrainedSchedule } from '@atelier/catalog'
import { DTYPE_BITS, type Dtype } from './dtype.ts'
import { readExactly, withOpenFile } from './read-bytes.ts'

/** Tensors of one file; SDXL has about 2,600. */
export const MAX_TENSORS = 65_536
/** Bytes of one tensor's name. */
export const MAX_NAME_BYTES = 1_024
/** Dimensions of one tensor. */
export const MAX_RANK = 8

/** Where one tensor lies. */
export interface TensorEntry {
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Absolute position in the file, bytes. */
  readonly offset: number
  /** Bytes of its elements, one after the other. */
  readonly byteLength: number
  /** The file it lies in, where that is another one (networks put together from several). */
  readonly path?: string
  /** Elements from one index of a dimension to the next, where they do not lie one after the other. */
  readonly strides?: readonly number[]
}

/** What a model's configuration files say and its tensors do not. */
export interface DeclaredFacts {
  /** What the UNet predicts, and at which sigmas it was trained. */
  readonly prediction?: { readonly prediction: PredictionKind; readonly schedule: TrainedSchedule }
  /** The scheduler that the pipeline is sampled with by default. */
  readonly scheduler?: DeclaredScheduler
  /** Heads of the UNet's attention: their number everywhere, or the size of each. */
  readonly heads?: HeadRule
  /** Scale of the autoencoder's latents, and their channels' means and deviations. */
  readonly latents?: {
    readonly factor: number
    readonly channels?: readonly { readonly mean: number; readonly deviation: number }[]
  }
  /** The text encoder ends with the layer that its model uses. */
  readonly hasTextCut?: boolean
}

/** A scheduler class of Diffusers and those of its settings that change how it walks. */
export interface DeclaredScheduler {
  readonly name: string
  readonly settings: DiffusersSettings
}

/** How many heads an attention has: as many everywhere, or as many as fit at that size. */
export type HeadRule = { readonly count: number } | { readonly size: number }

/** A weight file's table of contents; tensor bytes are read on demand or mapped by ONNX Runtime. */
export interface WeightFile {
  readonly path: string
  readonly sizeBytes: number
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: Readonly<Record<string, string>>
  readonly declared?: DeclaredFacts
}

/** The bytes of one tensor, its elements one after the other. */
export function readTensorBytes(file: { readonly path: string }, entry: TensorEntry): Uint8Array {
  return withOpenFile(entry.path ?? file.path, (open) => {
    if (entry.strides === undefined) return readExactly(open, entry.offset, entry.byteLength)
    const width = DTYPE_BITS[entry.dtype] / 8
    const span = spanOf(entry.shape, entry.strides) * width
    return gatherElements(readExactly(open, entry.offset, span), entry.shape, entry.strides, width)
  })
}

/** Elements from a tensor's first to its last, both counted; 0 for an empty one. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0
  return shape.reduce((span, size, axis) => span + (size - 1) * strides[axis]!, 1)
}

/** Bytes the file's tensors take as f32. */
export function countF32Bytes(file: WeightFile): number {
  let count = 0
  for (const { shape } of file.tensors.values())
    count += 4 * shape.reduce((product, size) => product * size, 1)
  return count
}

function gatherElements(
  source: Uint8Array,
  shape: readonly number[],
  strides: readonly number[],
  width: number,
): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1)
  const gathered = new Uint8Array(count * width)
  const index = shape.map(() => 0)
  let from = 0
  for (let element = 0; element < count; element += 1) {
    for (let byte = 0; byte < width; byte += 1)
      gathered[element * width + byte] = source[from * width + byte]!
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1
      from += strides[axis]!
      if (index[axis]! < shape[axis]!) break
      from -= index[axis]! * strides[axis]!
      index[axis] = 0
    }
  }
  return gathered
}
