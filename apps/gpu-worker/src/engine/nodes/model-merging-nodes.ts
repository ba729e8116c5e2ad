import { findNodeDefinition } from '@atelier/catalog/nodes'
import type { ScaleRule, ShareRule, Shares } from '../adapters/mix-weights.ts'
import type { AdapterRef, ChangedPart } from '../models/adapter-refs.ts'
import type { ClipValue, ModelValue, NodeContext, NodeExecution } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { NodeTable } from './node-table.ts'
import { useModel } from './use-model.ts'
import { useTextEncodersOf } from './use-parts.ts'

/** What a node that changes weights takes and gives. */
interface Side {
  readonly part: ChangedPart
  readonly input: 'model' | 'clip'
  /** Loads what the changes need, and tells what of them does not act. */
  readonly check: (value: ModelValue | ClipValue, context: NodeContext) => Promise<void>
}

const MODEL: Side = {
  ...{ part: 'denoiser', input: 'model' },
  check: async (value, context) => {
    const use = await useModel(value, context)
    for (const remark of use.value.remarks) context.remark(remark)
    use.done()
  },
}

const CLIP: Side = {
  ...{ part: 'texts', input: 'clip' },
  check: async (value, context) => {
    const use = await useTextEncodersOf(value, context.models)
    for (const remark of use.value.remarks) context.remark(remark)
    use.done()
  },
}

/** The first weights by `ratio`, the second by the rest. */
const towardsFirst = (ratio: number): Shares => ({ own: ratio, other: 1 - ratio })

const everywhere = (shares: Shares): ShareRule => [['', shares]]

function mix(side: Side, toRule: (inputs: NodeInputs) => ShareRule): NodeExecution {
  return async (inputs, context) => {
    const [first, second] = [1, 2].map((n) => inputs.value<ModelValue | ClipValue>(`${side.input}${n}`))
    const { checkpoint, adapters } = second!
    const companion = 'companion' in second! ? second.companion : undefined
    const mixed = { checkpoint, ...(companion && { companion }), ...(adapters && { adapters }) }
    const changed = withChange(first!, { mixed, part: side.part, rule: toRule(inputs) })
    await side.check(changed, context)
    return { outputs: [changed] }
  }
}

/** Shares for each beginning of a name the class has an input for; the first input's where none fits. */
function byBlocks(className: string): NodeExecution {
  return mix(MODEL, (inputs) => {
    const names = Object.keys(findNodeDefinition(className)?.inputs.required ?? {}).slice(2)
    const rule = names.map((name) => [name, towardsFirst(inputs.number(name))] as const)
    return [...everywhere(rule[0]![1]), ...rule]
  })
}

/** Ends of names of attention's weights by the input that scales them. */
type Attention = Readonly<Record<string, readonly string[]>>

const unetAttention = (layer: 'attn1' | 'attn2') => ({
  q: [`${layer}.to_q.weight`],
  k: [`${layer}.to_k.weight`],
  v: [`${layer}.to_v.weight`],
  out: [`${layer}.to_out.0.weight`, `${layer}.to_out.0.bias`],
})

const TEXT_ATTENTION: Attention = {
  q: ['self_attn.q_proj.weight', 'self_attn.q_proj.bias'],
  k: ['self_attn.k_proj.weight', 'self_attn.k_proj.bias'],
  v: ['self_attn.v_proj.weight', 'self_attn.v_proj.bias'],
  out: ['self_attn.out_proj.weight', 'self_attn.out_proj.bias'],
}

function multiply(side: Side, attention: Attention): NodeExecution {
  return async (inputs) => {
    const factors: ScaleRule = Object.entries(attention).flatMap(([input, endings]) =>
      endings.map((ending) => [ending, inputs.number(input)] as const),
    )
    const value = inputs.value<ModelValue | ClipValue>(side.input)
    return { outputs: [withChange(value, { part: side.part, factors })] }
  }
}

function withChange<T extends ModelValue | ClipValue>(value: T, change: AdapterRef): T {
  return { ...value, adapters: [...(value.adapters ?? []), change] }
}

const subtracted = (inputs: NodeInputs) => {
  const multiplier = inputs.number('multiplier')
  return everywhere({ own: multiplier, other: -multiplier })
}
const simple = (inputs: NodeInputs) => everywhere(towardsFirst(inputs.number('ratio')))
const added = () => everywhere({ own: 1, other: 1 })

/** Weights mixed with those of other models, and scaled; computed where the model is first used. */
export const modelMergingNodes: NodeTable = {
  ModelMergeSimple: mix(MODEL, simple),
  ModelMergeSubtract: mix(MODEL, subtracted),
  ModelMergeAdd: mix(MODEL, added),
  ModelMergeBlocks: byBlocks('ModelMergeBlocks'),
  ModelMergeSD1: byBlocks('ModelMergeSD1'),
  ModelMergeSD2: byBlocks('ModelMergeSD2'),
  ModelMergeSDXL: byBlocks('ModelMergeSDXL'),
  CLIPMergeSimple: mix(CLIP, simple),
  CLIPMergeSubtract: mix(CLIP, subtracted),
  CLIPMergeAdd: mix(CLIP, added),
  UNetSelfAttentionMultiply: multiply(MODEL, unetAttention('attn1')),
  UNetCrossAttentionMultiply: multiply(MODEL, unetAttention('attn2')),
  // Factors on attention over time act on no Stable Diffusion model.
  UNetTemporalAttentionMultiply: multiply(MODEL, {
    self_structural: unetAttention('attn1').out,
    cross_structural: unetAttention('attn2').out,
  }),
  CLIPAttentionMultiply: multiply(CLIP, TEXT_ATTENTION),
}
