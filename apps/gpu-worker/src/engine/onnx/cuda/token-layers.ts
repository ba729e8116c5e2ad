import { MICROSOFT, type Op, type Value } from '../graph.ts'
import { asFloat, find, settle, weightShape, type Emission, type Emitted } from './emission.ts'
import { emitOther } from './other-ops.ts'

/** Widths the fused gate has a kernel for: the gated halves of SD 1.x, 2.x and SDXL. */
const GATED_WIDTHS = new Set([1280, 2560, 5120])
/** Widths the fused addition of bias and residual has a kernel for. */
const BIAS_ADD_WIDTHS = new Set([320, 640, 1280])

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

/** A residual: bias, sum and the normalisation that follows go together where a kernel does that. */
export function emitAdd(emission: Emission, op: Op): void {
  const pair = op.inputs.map((name) => find(emission, name)) as [Emitted, Emitted]
  const branch = pair.find(({ bias, layout }) => bias !== undefined && layout === 'tokens')
  const skip = pair.find((value) => value !== branch)
  if (branch?.bias === undefined || skip?.layout !== 'tokens') return emitOther(emission, op)
  const norm = emission.users.get(op.outputs[0]!)?.find(({ type }) => type === 'LayerNormalization')
  if (norm !== undefined) return emitSkipLayerNorm(emission, { sum: op, norm, branch, skip })
  const [width = 0] = branch.bias.shape ?? []
  if (!BIAS_ADD_WIDTHS.has(width)) return emitOther(emission, op)
  const inputs = [branch.name, asFloat(emission, branch.bias).name, asFloat(emission, skip).name]
  const name = emission.to.write('BiasAdd', inputs, {}, MICROSOFT)
  emission.values.set(op.outputs[0]!, { ...withoutBias(branch), name })
}

/** x * sigmoid(x), as one kernel. */
export function emitSilu(emission: Emission, op: Op): void {
  const x = settle(emission, find(emission, op.inputs[0]!))
  const name = emission.to.write('QuickGelu', [x.name], { alpha: { float: 1 } }, MICROSOFT)
  emission.values.set(op.outputs[0]!, { ...x, name })
}

interface Residual {
  readonly sum: Op
  readonly norm: Op
  readonly branch: Emitted
  readonly skip: Emitted
}

function emitSkipLayerNorm(emission: Emission, { sum, norm, branch, skip }: Residual): void {
  const [scale, shift] = norm.inputs.slice(1).map((name) => asFloat(emission, find(emission, name)).name)
  const inputs = [branch.name, asFloat(emission, skip).name, scale!, shift!]
  const outputs = emission.to.writeAll(
    'SkipLayerNormalization',
    [...inputs, asFloat(emission, branch.bias!).name],
    // Outputs 1 and 2 are statistics for training.
    { attributes: { epsilon: norm.attributes['epsilon']! }, domain: MICROSOFT, outputs: 4 },
  )
  emission.values.set(norm.outputs[0]!, { ...withoutBias(branch), name: outputs[0]! })
  emission.values.set(sum.outputs[0]!, { ...withoutBias(branch), name: outputs[3]! })
  emission.done.add(norm)
}

function product(emission: Emission, op: Op): Emitted {
  const [x, weight] = op.inputs.slice(0, 2).map((name) => asFloat(emission, find(emission, name)))
  const name = emission.to.write('FusedMatMul', [x!.name, weight!.name], { transB: 1 }, MICROSOFT)
  const { width: _, ...rest } = x!
  const [width] = weightShape(emission, op.inputs[1]!)
  const value = { ...rest, name, dtype: emission.precision, ...(width !== undefined && { width }) }
  return op.inputs[2] === undefined ? value : { ...value, bias: find(emission, op.inputs[2]) }
}

function withoutBias({ bias: _, ...value }: Emitted): Emitted {
  return value
}

function toName({ name }: Emitted): Value {
  return name
}
