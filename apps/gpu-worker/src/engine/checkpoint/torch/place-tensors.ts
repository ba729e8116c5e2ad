import { CheckpointError } from '../checkpoint-error.ts'
import { DTYPE_BITS } from '../dtype.ts'
import type { PickleStorage, PickleTensor } from '../pickle/pickle-value.ts'
import { spanOf, type TensorEntry } from '../weight-file.ts'

/** Tensors whose elements do not follow each other are copied when used, this many bytes of one file at most. */
const MAX_SCATTERED_BYTES = 256 * 1024 * 1024

/** Where a storage's bytes lie in the file. */
export interface StoragePlace {
  readonly offset: number
  readonly byteLength: number
}

/**
 * Gives each tensor its place in the file.
 * @throws CheckpointError when a tensor reaches out of its storage, or a storage is not as long as it says
 */
export function placeTensors(
  tensors: ReadonlyMap<string, PickleTensor>,
  placeOf: (storage: PickleStorage) => StoragePlace,
  path: string,
): Map<string, TensorEntry> {
  const entries = new Map<string, TensorEntry>()
  let scattered = 0
  for (const [name, tensor] of tensors) {
    const entry = placeTensor(name, tensor, { place: placeOf(tensor.storage), path })
    if (entry.strides !== undefined) scattered += entry.byteLength
    if (scattered > MAX_SCATTERED_BYTES) {
      const reason = `its transposed or repeated tensors take more than ${MAX_SCATTERED_BYTES} bytes`
      throw new CheckpointError('over-limit', path, reason)
    }
    entries.set(name, entry)
  }
  return entries
}

function placeTensor(
  name: string,
  { dtype, storage, offset, shape, strides }: PickleTensor,
  { place, path }: { place: StoragePlace; path: string },
): TensorEntry {
  const malformed = (reason: string) =>
    new CheckpointError('malformed', path, `tensor "${name.slice(0, 80)}" ${reason}`)
  const width = DTYPE_BITS[dtype] / 8
  const storageWidth = DTYPE_BITS[storage.dtype ?? 'U8'] / 8
  if (storage.dtype !== undefined && storageWidth !== width)
    throw malformed('has another type than its storage')
  const declared = storage.count * storageWidth
  if (place.byteLength !== declared)
    throw malformed(`lies in a storage of ${place.byteLength} bytes that should have ${declared}`)
  const first = storage.start + offset
  const end = (first + spanOf(shape, strides)) * width
  if (!Number.isSafeInteger(end) || end > place.byteLength)
    throw malformed(`ends at byte ${end} of a storage of ${place.byteLength}`)
  const count = shape.reduce((product, size) => product * size, 1)
  if (!Number.isSafeInteger(count * width)) throw malformed(`promises ${count} elements`)
  const base = { dtype, shape, offset: place.offset + first * width, byteLength: count * width }
  return isContiguous(shape, strides) ? base : { ...base, strides }
}

/** Whether elements follow each other; strides of dimensions of one index say nothing. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false
    expected *= shape[axis]!
  }
  return true
}
