import type { NodeDefinition } from './node-definition.ts'

/** Appends the tokens of one conditioning to another. */
export const conditioningConcat: NodeDefinition = {
  className: 'ConditioningConcat',
  displayName: 'Conditioning (Concat)',
  category: 'conditioning',
  inputs: {
    required: { conditioning_to: { type: 'CONDITIONING' }, conditioning_from: { type: 'CONDITIONING' } },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
