import type { NodeDefinition } from './node-definition.ts'

/** Somebody's face told beside a prompt (PhotoMaker). */
export const photoMakerNodes: readonly NodeDefinition[] = [
  {
    className: 'PhotoMakerLoader',
    displayName: null,
    category: '_for_testing/photomaker',
    pythonModule: 'comfy_extras.nodes_photomaker',
    isExperimental: true,
    isSchemaNode: true,
    inputs: { required: { photomaker_model_name: { type: { choicesFrom: 'photomaker' } } } },
    outputs: [{ type: 'PHOTOMAKER' }],
  },
  {
    className: 'PhotoMakerEncode',
    displayName: null,
    category: '_for_testing/photomaker',
    pythonModule: 'comfy_extras.nodes_photomaker',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        photomaker: { type: 'PHOTOMAKER' },
        image: { type: 'IMAGE' },
        clip: { type: 'CLIP' },
        text: {
          type: 'STRING',
          options: { default: 'photograph of photomaker', multiline: true, dynamicPrompts: true },
        },
      },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
]
