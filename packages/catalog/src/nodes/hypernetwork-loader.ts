import type { NodeDefinition } from './node-definition.ts'

/** Puts a hypernetwork on a model. */
export const hypernetworkLoader: NodeDefinition = {
  className: 'HypernetworkLoader',
  displayName: 'HypernetworkLoader',
  category: 'loaders',
  pythonModule: 'comfy_extras.nodes_hypernetwork',
  inputs: {
    required: {
      model: { type: 'MODEL' },
      hypernetwork_name: { type: { choicesFrom: 'hypernetworks' } },
      strength: { type: 'FLOAT', options: { default: 1, min: -10, max: 10, step: 0.01 } },
    },
  },
  outputs: [{ type: 'MODEL' }],
}
