import type { EntryScope } from '../denoise/composition/resolve-lists.ts'
import type { ConditioningValue, HookValue } from '../node-graph/node-context.ts'
import { joinHooks } from './hooks.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { NodeTable } from './node-table.ts'

/** A TIMESTEPS_RANGE: shares of the run at which it begins and ends. */
export type TimestepsRange = readonly [start: number, end: number]

/** Conditionings bound to masks and times, single or as pairs of positive and negative, and joined to others. */
export const scopedConditioningNodes: NodeTable = {
  ConditioningTimestepsRange: async (inputs) => {
    const [start, end] = [inputs.number('start_percent'), inputs.number('end_percent')]
    const ranges: TimestepsRange[] = [
      [start, end],
      [0, start],
      [end, 1],
    ]
    return { outputs: ranges }
  },
  ConditioningSetProperties: async (inputs) => ({ outputs: [scoped(inputs, 'cond_NEW')] }),
  ConditioningSetPropertiesAndCombine: async (inputs) => ({
    outputs: [[...read(inputs, 'cond'), ...scoped(inputs, 'cond_NEW')]],
  }),
  PairConditioningSetProperties: async (inputs) => ({
    outputs: [scoped(inputs, 'positive_NEW'), scoped(inputs, 'negative_NEW')],
  }),
  PairConditioningSetPropertiesAndCombine: async (inputs) => ({
    outputs: ['positive', 'negative'].map((role) => [
      ...read(inputs, role),
      ...scoped(inputs, `${role}_NEW`),
    ]),
  }),
  PairConditioningCombine: async (inputs) => ({
    outputs: ['positive', 'negative'].map((role) => [
      ...read(inputs, `${role}_A`),
      ...read(inputs, `${role}_B`),
    ]),
  }),
}

function read(inputs: NodeInputs, name: string): ConditioningValue {
  return inputs.value<ConditioningValue>(name)
}

/** Entries with the node's mask, times and hooks, where it has some; the strength is the mask's. */
function scoped(inputs: NodeInputs, name: string): ConditioningValue {
  const mask = inputs.optional<Tensor>('mask')
  const times = inputs.optional<TimestepsRange>('timesteps')
  const hooks = inputs.optional<HookValue>('hooks')
  const scope: EntryScope = {
    ...(mask && {
      mask,
      maskStrength: inputs.number('strength'),
      isBoundByMask: inputs.text('set_cond_area') !== 'default',
    }),
    ...(times && { startPercent: times[0], endPercent: times[1] }),
  }
  return read(inputs, name).map((entry) => ({
    ...entry,
    ...scope,
    ...(hooks && { hooks: entry.hooks === undefined ? hooks : joinHooks(entry.hooks, hooks) }),
  }))
}
