import { MICROSOFT, type Op } from '../graph.ts'
import { asFloat, asPixels, find, withoutBias, type Emission, type Emitted } from './emission.ts'
import { emitSkipGroupNorm, findNorm } from './group-norms.ts'
import { emitOther } from './other-ops.ts'

/** Widths the fused addition of bias and residual has a kernel for. */
const BIAS_ADD_WIDTHS = new Set([320, 640, 1280])

interface Residual {
  readonly sum: Op
  /** What a layer made, with the bias that is still to be added. */
  readonly branch: Emitted & { readonly bias: Emitted }
  readonly skip: Emitted
}

/** A residual: bias, sum and the normalisation that follows go together where a kernel does that. */
export function emitAdd(emission: Emission, op: Op): void {
  const pair = op.inputs.map((name) => find(emission, name))
  const branch = pair.find(({ bias }) => bias !== undefined)
  const skip = pair.find((value) => value !== branch)
  if (branch?.bias === undefined || skip === undefined) return emitOther(emission, op)
  const residual = { sum: op, branch: { ...branch, bias: branch.bias }, skip }
  if (branch.layout === 'pixels') return emitPixels(emission, residual)
  if (branch.layout === 'tokens' && skip.layout === 'tokens') return emitTokens(emission, residual)
  emitOther(emission, op)
}

/** Of pixels the bias was left only where such a normalisation follows. */
function emitPixels(emission: Emission, { sum, branch, skip }: Residual): void {
  const norm = findNorm(emission, sum)
  if (norm === undefined) return emitOther(emission, sum)
  const added = [asPixels(emission, skip).name, asFloat(emission, branch.bias).name]
  emitSkipGroupNorm(emission, { sum, norm }, [branch.name, ...added])
}

function emitTokens(emission: Emission, { sum, branch, skip }: Residual): void {
  const norm = emission.users.get(sum.outputs[0]!)?.find(({ type }) => type === 'LayerNormalization')
  if (norm !== undefined) return emitSkipLayerNorm(emission, norm, { sum, branch, skip })
  const [width = 0] = branch.bias.shape ?? []
  if (!BIAS_ADD_WIDTHS.has(width)) return emitOther(emission, sum)
  const inputs = [branch.name, asFloat(emission, branch.bias).name, asFloat(emission, skip).name]
  const name = emission.to.write('BiasAdd', inputs, {}, MICROSOFT)
  emission.values.set(sum.outputs[0]!, { ...withoutBias(branch), name })
}

function emitSkipLayerNorm(emission: Emission, norm: Op, { sum, branch, skip }: Residual): void {
  const [scale, shift] = norm.inputs.slice(1).map((name) => asFloat(emission, find(emission, name)).name)
  const inputs = [branch.name, asFloat(emission, skip).name, scale!, shift!]
  const outputs = emission.to.writeAll(
    'SkipLayerNormalization',
    [...inputs, asFloat(emission, branch.bias).name],
    // Outputs 1 and 2 are statistics for training.
    { attributes: { epsilon: norm.attributes['epsilon']! }, domain: MICROSOFT, outputs: 4 },
  )
  emission.values.set(norm.outputs[0]!, { ...withoutBias(branch), name: outputs[0]! })
  emission.values.set(sum.outputs[0]!, { ...withoutBias(branch), name: outputs[3]! })
  emission.done.add(norm)
}
