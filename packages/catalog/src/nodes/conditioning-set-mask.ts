import type { NodeDefinition } from './node-definition.ts'

/** Lets a conditioning guide where a mask is. */
export const conditioningSetMask: NodeDefinition = {
  className: 'ConditioningSetMask',
  displayName: 'Conditioning (Set Mask)',
  category: 'conditioning',
  inputs: {
    required: {
      conditioning: { type: 'CONDITIONING' },
      mask: { type: 'MASK' },
      strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
      set_cond_area: { type: { choices: ['default', 'mask bounds'] } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
