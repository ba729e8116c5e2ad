import type { NodeDefinition } from './node-definition.ts'

/** What graphs of other models use that is work on pictures alone, or acts on no Stable Diffusion model. */
export const fluxNodes: readonly NodeDefinition[] = [
  {
    className: 'FluxGuidance',
    displayName: null,
    category: 'advanced/conditioning/flux',
    pythonModule: 'comfy_extras.nodes_flux',
    isSchemaNode: true,
    inputs: {
      required: {
        conditioning: { type: 'CONDITIONING' },
        guidance: { type: 'FLOAT', options: { default: 3.5, min: 0, max: 100, step: 0.1 } },
      },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
  {
    className: 'FluxDisableGuidance',
    displayName: null,
    category: 'advanced/conditioning/flux',
    pythonModule: 'comfy_extras.nodes_flux',
    isSchemaNode: true,
    inputs: { required: { conditioning: { type: 'CONDITIONING' } } },
    outputs: [{ type: 'CONDITIONING' }],
  },
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
