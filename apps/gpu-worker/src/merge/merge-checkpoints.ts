import { CheckpointError } from '../engine/checkpoint/checkpoint-error.ts'
import type { Dtype } from '../engine/checkpoint/dtype.ts'
import { encodeValues } from '../engine/checkpoint/encode-values.ts'
import { readTensor } from '../engine/checkpoint/read-tensor.ts'
import { readWeightFile } from '../engine/checkpoint/read-weight-file.ts'
import { readTensorBytes, type TensorEntry, type WeightFile } from '../engine/checkpoint/weight-file.ts'
import { writeWeightFile, type PlannedTensor } from '../engine/checkpoint/write-weight-file.ts'
import { countElements } from '../engine/tensor/tensor.ts'
import { add, promote, subtract, times, toFloat, type TypedValues } from './merge-arithmetic.ts'
import { nameMerge, type MergeRequest } from './merge-plan.ts'

/** A tensor A1111 leaves alone: the numbers of positions. */
const SKIPPED = 'cond_stage_model.transformer.text_model.embeddings.position_ids'
const VAE_PREFIX = 'first_stage_model.'
/** Channels of a UNet's first convolution by what a model is for, and what its name ends with. */
const KINDS = [
  { channels: 9, name: 'inpainting', end: '.inpainting' },
  { channels: 8, name: 'instruct-pix2pix', end: '.instruct-pix2pix' },
] as const
const LATENT_CHANNELS = 4

interface Files {
  readonly a: WeightFile
  readonly b: WeightFile | undefined
  readonly c: WeightFile | undefined
  readonly vae: WeightFile | undefined
}

/**
 * Merges checkpoints as A1111's checkpoint merger does, in the types their tensors have, and writes the result as
 * `.safetensors`, tensor by tensor. `toPath` gets the name A1111 gives it. Returns the path.
 * @throws CheckpointError when a file cannot be read, or two do not go together
 */
export function mergeCheckpoints(request: MergeRequest, toPath: (name: string) => string): string {
  const { discards } = request
  const files = openFiles(request)
  const planned = [...files.a.tensors]
    .filter(([name]) => discards?.test(name) !== true)
    .map(([name, entry]) => planTensor(name, entry, { files, request }))
  const kind = KINDS.find(({ channels }) => planned.some((one) => one.narrowFrom === channels))
  const path = toPath(nameMerge(request) + (kind?.end ?? ''))
  writeWeightFile(path, planned)
  return path
}

function openFiles({ primary, secondary, tertiary, method, vae }: MergeRequest): Files {
  const need = (path: string | undefined, which: string) => {
    if (path !== undefined) return readWeightFile(path)
    throw new CheckpointError('unreadable', '', `the method ${method} needs a ${which} checkpoint`)
  }
  return {
    a: readWeightFile(primary),
    b: method === 'none' ? undefined : need(secondary, 'second'),
    c: method === 'add-difference' ? need(tertiary, 'third') : undefined,
    vae: vae === undefined ? undefined : readWeightFile(vae),
  }
}

interface Planned extends PlannedTensor {
  /** Channels of A where only those of the latent are merged. */
  readonly narrowFrom?: number
}

function planTensor(
  name: string,
  entry: TensorEntry,
  { files, request }: { readonly files: Files; readonly request: MergeRequest },
): Planned {
  const { a, b, vae } = files
  const halve = (dtype: Dtype, isHalved: boolean): Dtype => (isHalved && dtype === 'F32' ? 'F16' : dtype)
  const baked = name.startsWith(VAE_PREFIX) ? vae?.tensors.get(name.slice(VAE_PREFIX.length)) : undefined
  if (vae !== undefined && baked !== undefined) {
    const own = name.slice(VAE_PREFIX.length)
    return copy(name, vae, { own, entry: baked, dtype: halve(baked.dtype, request.savesHalf) })
  }
  const other = name.includes('model') && name !== SKIPPED ? b?.tensors.get(name) : undefined
  if (other === undefined) {
    const isHalved = request.savesHalf && request.method === 'none'
    return copy(name, a, { own: name, entry, dtype: halve(entry.dtype, isHalved) })
  }
  const narrowFrom = findNarrowing(name, { entry, other, files })
  const merged = promote(typeOfSecond(name, other, files), entry.dtype)
  // Merged channels are written into the tensor that has the others, in its type.
  const dtype = halve(narrowFrom === undefined ? merged : entry.dtype, request.savesHalf)
  return {
    ...{ name, shape: entry.shape, dtype },
    ...(narrowFrom !== undefined && { narrowFrom }),
    read: () => {
      const own = readTyped(a, name)
      const second = readSecond(name, files)
      if (narrowFrom === undefined)
        return encodeValues(mergeValues(own, second, request).values, toFloat(dtype))
      return encodeValues(mergeNarrow(own, second, { entry, request }), toFloat(dtype))
    },
  }
}

function copy(
  name: string,
  file: WeightFile,
  { own, entry, dtype }: { readonly own: string; readonly entry: TensorEntry; readonly dtype: Dtype },
): PlannedTensor {
  const read = () =>
    dtype === entry.dtype
      ? readTensorBytes(file, entry)
      : encodeValues(readTensor(file, own).data, toFloat(dtype))
  return { name, dtype, shape: entry.shape, read }
}

/** The number of A's channels where it takes more than the latent's four and B does not; undefined where shapes agree. */
function findNarrowing(
  name: string,
  {
    entry,
    other,
    files,
  }: { readonly entry: TensorEntry; readonly other: TensorEntry; readonly files: Files },
): number | undefined {
  const [a, b] = [entry.shape, other.shape]
  if (a.join() === b.join()) return undefined
  const [own = 0, theirs = 0] = [a[1], b[1]]
  const isAlike = a.length === 4 && b.length === 4 && [0, 2, 3].every((axis) => a[axis] === b[axis])
  const kind = KINDS.find(({ channels }) => channels === Math.max(own, theirs))
  if (isAlike && kind !== undefined && Math.min(own, theirs) === LATENT_CHANNELS) {
    if (own > theirs) return own
    const reason = `When merging ${kind.name} model with a normal one, A must be the ${kind.name} model.`
    throw new CheckpointError('unknown-structure', files.a.path, reason)
  }
  const reason = `its tensor "${name}" is [${a.join(', ')}], that of ${files.b?.path} is [${b.join(', ')}]`
  throw new CheckpointError('unknown-structure', files.a.path, reason)
}

function readTyped(file: WeightFile, name: string): TypedValues {
  return { dtype: toFloat(file.tensors.get(name)!.dtype), values: readTensor(file, name).data }
}

function typeOfSecond(name: string, { dtype }: TensorEntry, { c }: Files): Dtype {
  const third = c?.tensors.get(name)
  return third === undefined ? dtype : promote(dtype, third.dtype)
}

/** B, or B - C: zero where C has no such tensor. */
function readSecond(name: string, { b, c }: Files): TypedValues {
  const second = readTyped(b!, name)
  if (c === undefined) return second
  const third = c.tensors.has(name) ? readTyped(c, name) : second
  return subtract(second, third)
}

function mergeValues(
  own: TypedValues,
  second: TypedValues,
  { method, multiplier }: MergeRequest,
): TypedValues {
  const scaled = times(second, multiplier)
  return method === 'weighted-sum' ? add(times(own, 1 - multiplier), scaled) : add(own, scaled)
}

/** Merges the latent's channels of A, the first of each output, and leaves the others. */
function mergeNarrow(
  own: TypedValues,
  second: TypedValues,
  { entry, request }: { readonly entry: TensorEntry; readonly request: MergeRequest },
): Float32Array {
  const [outputs = 1, channels = 1, ...kernel] = entry.shape
  const [width, wide] = [LATENT_CHANNELS, channels].map((count) => count * countElements(kernel)) as [
    number,
    number,
  ]
  const latent = new Float32Array(outputs * width)
  for (let output = 0; output < outputs; output += 1)
    latent.set(own.values.subarray(output * wide, output * wide + width), output * width)
  const merged = mergeValues({ ...own, values: latent }, second, request).values
  const whole = own.values.slice()
  for (let output = 0; output < outputs; output += 1)
    whole.set(merged.subarray(output * width, (output + 1) * width), output * wide)
  return whole
}
