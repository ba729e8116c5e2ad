import type { EntryScope } from '../denoise/composition/resolve-lists.ts'
import type { ConditioningValue, NodeAnswer } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { joinTokens, toZeros } from '../text-encode/conditioning.ts'
import { sliceAxis, zipTensors } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { NodeTable } from './node-table.ts'

/** Encoded prompts: joined, mixed and emptied, and bound to places, times and weights. */
export const conditioningNodes: NodeTable = {
  ConditioningCombine: async (inputs) => {
    const parts = ['conditioning_1', 'conditioning_2'].map((name) => inputs.value<ConditioningValue>(name))
    return { outputs: [parts.flat()] }
  },
  ConditioningConcat: async (inputs) => {
    const [first] = inputs.value<ConditioningValue>('conditioning_from')
    const joined = inputs
      .value<ConditioningValue>('conditioning_to')
      .map((entry) => ({ ...entry, tokens: joinTokens([entry.tokens, first!.tokens]) }))
    return { outputs: [joined] }
  },
  ConditioningAverage: async (inputs) => {
    const [first] = inputs.value<ConditioningValue>('conditioning_from')
    const share = inputs.number('conditioning_to_strength')
    const mix = (to: Tensor, from: Tensor) => zipTensors(to, from, (a, b) => a * share + b * (1 - share))
    const mixed = inputs.value<ConditioningValue>('conditioning_to').map((entry) => {
      const tokens = mix(entry.tokens, fitTokens(first!.tokens, entry.tokens.shape[1]!))
      const pooled =
        first!.pooled === undefined ? entry.pooled : mix(entry.pooled ?? first!.pooled, first!.pooled)
      return { ...entry, tokens, pooled }
    })
    return { outputs: [mixed] }
  },
  // For models of other kinds; those of Stable Diffusion do not look at it.
  ReferenceLatent: keepConditioning,
  FluxGuidance: keepConditioning,
  FluxDisableGuidance: keepConditioning,
  ConditioningZeroOut: async (inputs) => {
    const entries = inputs.value<ConditioningValue>('conditioning')
    return { outputs: [entries.map((entry) => ({ ...entry, ...toZeros(entry) }))] }
  },
  ConditioningSetArea: async (inputs) => {
    const cells = (name: string) => Math.floor(inputs.integer(name) / PIXELS_PER_CELL)
    const area = { height: cells('height'), width: cells('width'), top: cells('y'), left: cells('x') }
    return change(inputs, { area, strength: inputs.number('strength'), isBoundByMask: false })
  },
  ConditioningSetAreaPercentage: async (inputs) => {
    const area = {
      height: inputs.number('height'),
      width: inputs.number('width'),
      top: inputs.number('y'),
      left: inputs.number('x'),
      isShare: true,
    }
    return change(inputs, { area, strength: inputs.number('strength'), isBoundByMask: false })
  },
  ConditioningSetAreaStrength: async (inputs) => change(inputs, { strength: inputs.number('strength') }),
  ConditioningSetMask: async (inputs) =>
    change(inputs, {
      mask: inputs.value<Tensor>('mask'),
      maskStrength: inputs.number('strength'),
      isBoundByMask: inputs.text('set_cond_area') !== 'default',
    }),
  ConditioningSetTimestepRange: async (inputs) =>
    change(inputs, { startPercent: inputs.number('start'), endPercent: inputs.number('end') }),
}

const PIXELS_PER_CELL = 8

/** Every entry with another scope. */
async function keepConditioning(inputs: NodeInputs): Promise<{ outputs: [ConditioningValue] }> {
  return { outputs: [inputs.value<ConditioningValue>('conditioning')] }
}

function change(inputs: NodeInputs, scope: EntryScope): NodeAnswer {
  const entries = inputs.value<ConditioningValue>('conditioning')
  return { outputs: [entries.map((entry) => ({ ...entry, ...scope }))] }
}

/** Tokens cut, or followed by zeros, to a number. */
function fitTokens(tokens: Tensor, count: number): Tensor {
  const cut = sliceAxis(tokens, 1, { from: 0, to: count })
  const missing = count - cut.shape[1]!
  return missing === 0 ? cut : joinTokens([cut, createTensor([1, missing, cut.shape[2]!])])
}
