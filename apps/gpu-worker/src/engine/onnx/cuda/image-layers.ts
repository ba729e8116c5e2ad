import { MICROSOFT, type Op, type Value } from '../graph.ts'
import { NEAREST } from '../layer-ops.ts'
import {
  asFloat,
  asPixels,
  find,
  MAX_PARTS,
  setPixels,
  soleUser,
  weightShape,
  withoutBias,
  type Emission,
  type Emitted,
} from './emission.ts'
import { emitSkipGroupNorm, findNorm } from './group-norms.ts'

/** A convolution over channels-last pixels; its weights are turned to channels last when the session is made. */
export function emitConv(emission: Emission, op: Op): void {
  const [image, weight, bias] = op.inputs
  const inputs = [pixelsOf(emission, image!).name, asPixels(emission, find(emission, weight!)).name]
  const added = bias === undefined ? undefined : asFloat(emission, find(emission, bias))
  const isLeft = added !== undefined && leavesBias(emission, op)
  if (added !== undefined && !isLeft) inputs.push(added.name)
  const [width] = weightShape(emission, weight!)
  setPixels(emission, op, emission.to.write('NhwcConv', inputs, op.attributes, MICROSOFT), width)
  if (isLeft) emission.values.set(op.outputs[0]!, { ...find(emission, op.outputs[0]!), bias: added })
}

/**
 * Whether a convolution's bias is left to the sum that alone takes its result: where a normalisation follows, one kernel adds
 * all three, which for a bias of the convolution's own is a launch that reads and writes the whole image (`cudnnAddTensor`).
 */
function leavesBias(emission: Emission, { outputs: [output] }: Op): boolean {
  const sum = soleUser(emission, output!)
  if (sum === undefined || findNorm(emission, sum) === undefined) return false
  if (sum.type === 'AddToChannels') return true
  const other = sum.inputs.find((name) => name !== output)
  // One of two branches can leave its bias.
  return sum.type === 'Add' && other !== undefined && emission.values.get(other)?.bias === undefined
}

/** What is added to whole channels, together with the normalisation that follows; what layers left of biases is one. */
export function emitAddToChannels(emission: Emission, op: Op): void {
  const [image, values] = op.inputs.map((name) => find(emission, name)) as [Emitted, Emitted]
  const norm = findNorm(emission, op)
  if (norm !== undefined) {
    const biases = [image, values].flatMap(({ bias }) => (bias ? [asFloat(emission, bias).name] : []))
    const bias = biases.length > 1 ? [emission.to.write('Add', biases)] : biases
    const added = [asFloat(emission, withoutBias(values)).name, ...bias]
    const pixels = asPixels(emission, withoutBias(image))
    return emitSkipGroupNorm(emission, { sum: op, norm }, [pixels.name, ...added])
  }
  const whole = asPixels(emission, image)
  const spread = emission.to.write('Unsqueeze', [
    asFloat(emission, values).name,
    emission.to.integers([1, 2]),
  ])
  setPixels(emission, op, emission.to.write('Add', [whole.name, spread]), whole.width)
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
