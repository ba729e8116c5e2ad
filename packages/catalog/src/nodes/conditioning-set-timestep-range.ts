import type { NodeDefinition } from './node-definition.ts'

/** Lets a conditioning guide during a part of the run. */
export const conditioningSetTimestepRange: NodeDefinition = {
  className: 'ConditioningSetTimestepRange',
  displayName: 'ConditioningSetTimestepRange',
  category: 'advanced/conditioning',
  inputs: {
    required: {
      conditioning: { type: 'CONDITIONING' },
      start: { type: 'FLOAT', options: { default: 0, min: 0, max: 1, step: 0.001 } },
      end: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.001 } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
