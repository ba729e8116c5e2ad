import type { NodeDefinition } from './node-definition.ts'

/** Lets two conditionings act together. */
export const conditioningCombine: NodeDefinition = {
  className: 'ConditioningCombine',
  displayName: 'Conditioning (Combine)',
  category: 'conditioning',
  inputs: {
    required: { conditioning_1: { type: 'CONDITIONING' }, conditioning_2: { type: 'CONDITIONING' } },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
