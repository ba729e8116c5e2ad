import type { NodeDefinition } from './node-definition.ts'

/** A conditioning of zeros. */
export const conditioningZeroOut: NodeDefinition = {
  className: 'ConditioningZeroOut',
  displayName: 'ConditioningZeroOut',
  category: 'advanced/conditioning',
  inputs: { required: { conditioning: { type: 'CONDITIONING' } } },
  outputs: [{ type: 'CONDITIONING' }],
}
