import { MICROSOFT, type Op, type Value } from '../graph.ts'
import { asFloat, find, settle, weightShape, withoutBias, type Emission, type Emitted } from './emission.ts'

/** Widths the fused gate has a kernel for: the gated halves of SD 1.x, 2.x and SDXL. */
const GATED_WIDTHS = new Set([1280, 2560, 5120])

/** A matrix product with the weights as they lie in the file; the bias is left to whatever comes next. */
export function emitLinear(emission: Emission, op: Op): void {
  emission.values.set(op.outputs[0]!, product(emission, op))
}

/** Projection and gate: one kernel adds the bias, splits, activates and multiplies. */
export function emitGatedLinear(emission: Emission, op: Op): void {
  const { to, values } = emission
  const projection = product(emission, op)
  const width = (weightShape(emission, op.inputs[1]!)[0] ?? 0) / 2
  if (projection.bias !== undefined && projection.layout === 'tokens' && GATED_WIDTHS.has(width)) {
    const bias = asFloat(emission, projection.bias)
    const name = to.write('BiasSplitGelu', [projection.name, bias.name], {}, MICROSOFT)
    values.set(op.outputs[0]!, { ...withoutBias(projection), name, width })
    return
  }
  const whole = settle(emission, projection)
  const [value, gate] = to.writeAll('Split', [whole.name], {
    attributes: { axis: -1, num_outputs: 2 },
    outputs: 2,
  })
  const name = to.write('Mul', [value!, to.write('Gelu', [gate!])])
  values.set(op.outputs[0]!, { ...whole, name, width })
}

/** Layer normalisation; the kernel accumulates in f32. */
export function emitLayerNorm(emission: Emission, op: Op): void {
  const [x, ...weights] = op.inputs.map((name) => asFloat(emission, find(emission, name)))
  const name = emission.to.write('LayerNormalization', [x!, ...weights].map(toName), op.attributes)
  emission.values.set(op.outputs[0]!, { ...x!, name })
}

/** Attention without mask takes the flash kernel; with one, the memory-efficient kernel. */
export function emitAttention(emission: Emission, op: Op): void {
  const inputs = op.inputs.map((name) => (name === '' ? undefined : asFloat(emission, find(emission, name))))
  const names = inputs.map((value) => value?.name ?? '')
  const name = emission.to.write('MultiHeadAttention', names, op.attributes, MICROSOFT)
  emission.values.set(op.outputs[0]!, { ...inputs[0]!, name })
}

/** x * sigmoid(x), as one kernel. */
export function emitSilu(emission: Emission, op: Op): void {
  const x = settle(emission, find(emission, op.inputs[0]!))
  const name = emission.to.write('QuickGelu', [x.name], { alpha: { float: 1 } }, MICROSOFT)
  emission.values.set(op.outputs[0]!, { ...x, name })
}

function product(emission: Emission, op: Op): Emitted {
  const [x, weight] = op.inputs.slice(0, 2).map((name) => asFloat(emission, find(emission, name)))
  const name = emission.to.write('FusedMatMul', [x!.name, weight!.name], { transB: 1 }, MICROSOFT)
  const { width: _, ...rest } = x!
  const [width] = weightShape(emission, op.inputs[1]!)
  const value = { ...rest, name, dtype: emission.precision, ...(width !== undefined && { width }) }
  return op.inputs[2] === undefined ? value : { ...value, bias: find(emission, op.inputs[2]) }
}

function toName({ name }: Emitted): Value {
  return name
}
