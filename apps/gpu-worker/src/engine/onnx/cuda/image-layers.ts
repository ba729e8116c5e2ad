import { MICROSOFT, type Op, type Value } from '../graph.ts'
import { writeGroupNorm } from '../emit-cpu.ts'
import { NEAREST } from '../layer-ops.ts'
import {
  asFloat,
  asPixels,
  asPlain,
  find,
  soleUser,
  weightShape,
  type Emission,
  type Emitted,
} from './emission.ts'

/** Places of parts that kernels of Concat and Split are launched with. */
const MAX_PARTS = 32

/** A convolution over channels-last pixels; its weights are turned to channels last when the session is made. */
export function emitConv(emission: Emission, op: Op): void {
  const [image, weight, bias] = op.inputs
  const inputs = [pixelsOf(emission, image!).name, asPixels(emission, find(emission, weight!)).name]
  if (bias !== undefined) inputs.push(asFloat(emission, find(emission, bias)).name)
  const [width] = weightShape(emission, weight!)
  setPixels(emission, op, emission.to.write('NhwcConv', inputs, op.attributes, MICROSOFT), width)
}

/** Group normalisation, with the activation that alone follows it. Scale and shift must be f32 for this kernel. */
export function emitGroupNorm(emission: Emission, op: Op): void {
  if (!hasKernel(emission, op)) return emitPlainGroupNorm(emission, op)
  const inputs = [pixelsOf(emission, op.inputs[0]!).name, ...scaleAndShift(emission, op)]
  setNormalised(emission, op, (attributes) => emission.to.write('GroupNorm', inputs, attributes, MICROSOFT))
}

/** What is added to whole channels, together with the normalisation that alone follows. */
export function emitAddToChannels(emission: Emission, op: Op): void {
  const image = pixelsOf(emission, op.inputs[0]!)
  const values = asFloat(emission, find(emission, op.inputs[1]!))
  const norm = soleUser(emission, op.outputs[0]!)
  if (norm?.type === 'GroupNorm' && hasKernel(emission, norm)) {
    const inputs = [image.name, ...scaleAndShift(emission, norm), values.name]
    emission.done.add(norm)
    return setNormalised(emission, norm, (attributes) =>
      emission.to.write('SkipGroupNorm', inputs, attributes, MICROSOFT),
    )
  }
  const spread = emission.to.write('Unsqueeze', [values.name, emission.to.integers([1, 2])])
  setPixels(emission, op, emission.to.write('Add', [image.name, spread]), image.width)
}

/** Each image times a factor of its own. */
export function emitScaleRows(emission: Emission, op: Op): void {
  const image = pixelsOf(emission, op.inputs[0]!)
  const factors = asFloat(emission, find(emission, op.inputs[1]!))
  const spread = emission.to.write('Unsqueeze', [factors.name, emission.to.integers([2, 3])])
  setPixels(emission, op, emission.to.write('Mul', [image.name, spread]), image.width)
}

/**
 * Channels of several images, in parts of one width: for others the kernel reads its places and sizes from host memory
 * (`concat_impl.cu`), where a replayed graph would find what later calls left there.
 */
export function emitJoinChannels(emission: Emission, op: Op): void {
  const images = op.inputs.map((name) => pixelsOf(emission, name))
  const widths = images.map(({ width }) => width ?? NaN)
  const whole = widths.reduce((sum, width) => sum + width)
  const part = widths.reduce(largestDivisor)
  const isEven = whole / part <= MAX_PARTS
  if (!isEven) emission.hostReaders.add('Concat')
  const parts = images.flatMap(({ name }, i) => cut(emission, name, isEven ? widths[i]! / part : 1))
  const name = emission.to.write('Concat', parts, { axis: 3 })
  setPixels(emission, op, name, Number.isNaN(whole) ? undefined : whole)
}

function largestDivisor(a: number, b: number): number {
  return b > 0 ? largestDivisor(b, a % b) : a
}

function cut(emission: Emission, pixels: Value, parts: number): Value[] {
  const attributes = { axis: 3, num_outputs: parts }
  return parts === 1 ? [pixels] : emission.to.writeAll('Split', [pixels], { attributes, outputs: parts })
}

/** Larger by a whole factor. */
export function emitRepeatPixels(emission: Emission, op: Op): void {
  const factor = op.attributes['factor'] as number
  const scales = emission.to.floats([1, factor, factor, 1])
  const { name, width } = pixelsOf(emission, op.inputs[0]!)
  setPixels(emission, op, emission.to.write('Resize', [name, '', scales], NEAREST), width)
}

/** As large as another image. */
export function emitRepeatTo(emission: Emission, op: Op): void {
  const { to } = emission
  const { name: x, width } = pixelsOf(emission, op.inputs[0]!)
  const { name: like } = pixelsOf(emission, op.inputs[1]!)
  const size = to.write(
    'Concat',
    [
      to.write('Shape', [x], { start: 0, end: 1 }),
      to.write('Shape', [like], { start: 1, end: 3 }),
      to.write('Shape', [x], { start: 3, end: 4 }),
    ],
    { axis: 0 },
  )
  setPixels(emission, op, to.write('Resize', [x, '', '', size], NEAREST), width)
}

/** Pixels lie as tokens already. */
export function emitToTokens(emission: Emission, op: Op): void {
  const { to, values, precision } = emission
  const width = op.attributes['channels'] as number
  const shape = to.integers([0, -1, width])
  const name = to.write('Reshape', [pixelsOf(emission, op.inputs[0]!).name, shape])
  values.set(op.outputs[0]!, { name, dtype: precision, layout: 'tokens', width })
}

/** Tokens lie as pixels already. */
export function emitFromTokens(emission: Emission, op: Op): void {
  const tokens = asFloat(emission, find(emission, op.inputs[0]!))
  const shape = emission.to.write('Shape', [pixelsOf(emission, op.inputs[1]!).name])
  setPixels(emission, op, emission.to.write('Reshape', [tokens.name, shape]), tokens.width)
}

function pixelsOf(emission: Emission, name: string): Emitted {
  return asPixels(emission, find(emission, name))
}

function setPixels(emission: Emission, op: Op, name: Value, width: number | undefined): void {
  const pixels = { name, dtype: emission.precision, layout: 'pixels' } as const
  emission.values.set(op.outputs[0]!, { ...pixels, ...(width !== undefined && { width }) })
}

/** The kernel reads two channels at a time, so a group must have an even number of them. */
function hasKernel(emission: Emission, op: Op): boolean {
  const [channels = 0] = weightShape(emission, op.inputs[1]!)
  return channels > 0 && channels % (2 * (op.attributes['groups'] as number)) === 0
}

function scaleAndShift(emission: Emission, op: Op): Value[] {
  return op.inputs.slice(1, 3).map((name) => asFloat(emission, find(emission, name), 'f32').name)
}

function setNormalised(emission: Emission, op: Op, write: (attributes: Op['attributes']) => Value): void {
  const next = soleUser(emission, op.outputs[0]!)
  const isActivated = next?.type === 'Silu'
  const name = write({ ...op.attributes, activation: isActivated ? 1 : 0, channels_last: 1 })
  if (isActivated) emission.done.add(next)
  setPixels(emission, isActivated ? next : op, name, weightShape(emission, op.inputs[1]!)[0])
}

/** The form of the CPU, for numbers of channels no kernel takes. */
function emitPlainGroupNorm(emission: Emission, op: Op): void {
  const inputs = op.inputs.map(
    (name) => asFloat(emission, asPlain(emission, find(emission, name)), 'f32').name,
  )
  const name = writeGroupNorm(emission.to, op, inputs as [Value, Value, Value])
  emission.hostReaders.add(op.type)
  emission.values.set(op.outputs[0]!, { name, dtype: 'f32', layout: 'plain' })
}
