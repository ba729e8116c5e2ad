import type { NodeDefinition } from './node-definition.ts'

/** Lets a conditioning guide a rectangle of the picture, in pixels. */
export const conditioningSetArea: NodeDefinition = {
  className: 'ConditioningSetArea',
  displayName: 'Conditioning (Set Area)',
  category: 'conditioning',
  inputs: {
    required: {
      conditioning: { type: 'CONDITIONING' },
      width: { type: 'INT', options: { default: 64, min: 64, max: 16384, step: 8 } },
      height: { type: 'INT', options: { default: 64, min: 64, max: 16384, step: 8 } },
      x: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      y: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
