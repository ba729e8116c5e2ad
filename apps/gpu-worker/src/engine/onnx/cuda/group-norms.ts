import { writeGroupNorm } from '../emit-cpu.ts'
import { MICROSOFT, type Op, type Value } from '../graph.ts'
import {
  asFloat,
  asPixels,
  asPlain,
  find,
  setPixels,
  soleUser,
  weightShape,
  type Emission,
} from './emission.ts'

/** Group normalisation, with the activation that alone follows it. Scale and shift must be f32 for this kernel. */
export function emitGroupNorm(emission: Emission, op: Op): void {
  if (!hasKernel(emission, op)) return emitPlainGroupNorm(emission, op)
  const inputs = [asPixels(emission, find(emission, op.inputs[0]!)).name, ...scaleAndShift(emission, op)]
  setNormalised(emission, op, (attributes) => emission.to.write('GroupNorm', inputs, attributes, MICROSOFT))
}

/** The normalisation that follows a sum and has a kernel which computes the sum too. */
export function findNorm(emission: Emission, sum: Op): Op | undefined {
  const users = emission.users.get(sum.outputs[0]!) ?? []
  return users.find((user) => user.type === 'GroupNorm' && hasKernel(emission, user))
}

/** A sum and the normalisation that follows it; where nothing else takes the sum, it is not kept. */
interface NormalisedSum {
  readonly sum: Op
  readonly norm: Op
}

/** Both in one kernel: pixels, what is added (pixels, or values of channels), and a bias where there is one. */
export function emitSkipGroupNorm(
  emission: Emission,
  { sum, norm }: NormalisedSum,
  [image, ...added]: readonly Value[],
): void {
  const inputs = [image!, ...scaleAndShift(emission, norm), ...added]
  const isKept = (emission.users.get(sum.outputs[0]!) ?? []).length > 1
  setNormalised(emission, norm, (attributes) => {
    const options = { attributes, domain: MICROSOFT, outputs: isKept ? 2 : 1 }
    const [normalised, total] = emission.to.writeAll('SkipGroupNorm', inputs, options)
    if (isKept) setPixels(emission, sum, total!, weightShape(emission, norm.inputs[1]!)[0])
    return normalised!
  })
  emission.done.add(norm)
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
