import type { NodeDefinition } from './node-definition.ts'

/** What graphs of other models use that is work on pictures alone. */
export const fluxNodes: readonly NodeDefinition[] = [
  {
    className: 'FluxKontextImageScale',
    displayName: null,
    category: 'advanced/conditioning/flux',
    pythonModule: 'comfy_extras.nodes_flux',
    isSchemaNode: true,
    inputs: { required: { image: { type: 'IMAGE' } } },
    outputs: [{ type: 'IMAGE' }],
  },
]
