import type { NodeDefinition } from './node-definition.ts'

/** Mixes two conditionings by weight. */
export const conditioningAverage: NodeDefinition = {
  className: 'ConditioningAverage',
  displayName: 'ConditioningAverage',
  category: 'conditioning',
  inputs: {
    required: {
      conditioning_to: { type: 'CONDITIONING' },
      conditioning_from: { type: 'CONDITIONING' },
      conditioning_to_strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
