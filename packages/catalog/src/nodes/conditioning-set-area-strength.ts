import type { NodeDefinition } from './node-definition.ts'

/** Weighs a conditioning against others in the same place. */
export const conditioningSetAreaStrength: NodeDefinition = {
  className: 'ConditioningSetAreaStrength',
  displayName: 'ConditioningSetAreaStrength',
  category: 'conditioning',
  inputs: {
    required: {
      conditioning: { type: 'CONDITIONING' },
      strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
