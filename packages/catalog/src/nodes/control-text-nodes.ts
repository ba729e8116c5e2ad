import type { NodeDefinition } from './node-definition.ts'

/** Texts for ControlNets alone. */
export const controlTextNodes: readonly NodeDefinition[] = [
  {
    className: 'CLIPTextEncodeControlnet',
    displayName: null,
    category: '_for_testing/conditioning',
    pythonModule: 'comfy_extras.nodes_cond',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        clip: { type: 'CLIP' },
        conditioning: { type: 'CONDITIONING' },
        text: { type: 'STRING', options: { multiline: true, dynamicPrompts: true } },
      },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
]
