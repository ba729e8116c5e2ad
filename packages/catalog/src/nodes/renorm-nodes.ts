import type { NodeDefinition } from './node-definition.ts'

/** Guidance brought back to the length of the prediction that it is from. */
export const renormNodes: readonly NodeDefinition[] = [
  {
    className: 'RenormCFG',
    displayName: null,
    category: 'advanced/model',
    pythonModule: 'comfy_extras.nodes_lumina2',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        cfg_trunc: { type: 'FLOAT', options: { default: 100n, min: 0, max: 100, step: 0.01 } },
        renorm_cfg: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
