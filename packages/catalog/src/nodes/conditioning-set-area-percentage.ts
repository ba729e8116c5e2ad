import type { NodeDefinition } from './node-definition.ts'

/** Lets a conditioning guide a rectangle of the picture, in shares of its sides. */
export const conditioningSetAreaPercentage: NodeDefinition = {
  className: 'ConditioningSetAreaPercentage',
  displayName: 'Conditioning (Set Area with Percentage)',
  category: 'conditioning',
  inputs: {
    required: {
      conditioning: { type: 'CONDITIONING' },
      width: { type: 'FLOAT', options: { default: 1, min: 0n, max: 1, step: 0.01 } },
      height: { type: 'FLOAT', options: { default: 1, min: 0n, max: 1, step: 0.01 } },
      x: { type: 'FLOAT', options: { default: 0n, min: 0n, max: 1, step: 0.01 } },
      y: { type: 'FLOAT', options: { default: 0n, min: 0n, max: 1, step: 0.01 } },
      strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
