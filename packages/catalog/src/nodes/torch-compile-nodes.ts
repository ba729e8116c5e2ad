import type { NodeDefinition } from './node-definition.ts'

/** A model compiled, where it is not already. */
export const torchCompileNodes: readonly NodeDefinition[] = [
  {
    className: 'TorchCompileModel',
    displayName: null,
    category: '_for_testing',
    pythonModule: 'comfy_extras.nodes_torch_compile',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: { model: { type: 'MODEL' }, backend: { type: { choices: ['inductor', 'cudagraphs'] } } },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
