import type { NodeDefinition } from './node-definition.ts'

/** Prompts of SDXL and its refiner, with sizes and scores. */
export const sdxlTextNodes: readonly NodeDefinition[] = [
  {
    className: 'CLIPTextEncodeSDXLRefiner',
    displayName: null,
    category: 'advanced/conditioning',
    pythonModule: 'comfy_extras.nodes_clip_sdxl',
    isSchemaNode: true,
    inputs: {
      required: {
        ascore: { type: 'FLOAT', options: { default: 6, min: 0, max: 1000, step: 0.01 } },
        width: { type: 'INT', options: { default: 1024, min: 0, max: 16384 } },
        height: { type: 'INT', options: { default: 1024, min: 0, max: 16384 } },
        text: { type: 'STRING', options: { multiline: true, dynamicPrompts: true } },
        clip: { type: 'CLIP' },
      },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
  {
    className: 'CLIPTextEncodeSDXL',
    displayName: null,
    category: 'advanced/conditioning',
    pythonModule: 'comfy_extras.nodes_clip_sdxl',
    isSchemaNode: true,
    inputs: {
      required: {
        clip: { type: 'CLIP' },
        width: { type: 'INT', options: { default: 1024, min: 0, max: 16384 } },
        height: { type: 'INT', options: { default: 1024, min: 0, max: 16384 } },
        crop_w: { type: 'INT', options: { default: 0, min: 0, max: 16384 } },
        crop_h: { type: 'INT', options: { default: 0, min: 0, max: 16384 } },
        target_width: { type: 'INT', options: { default: 1024, min: 0, max: 16384 } },
        target_height: { type: 'INT', options: { default: 1024, min: 0, max: 16384 } },
        text_g: { type: 'STRING', options: { multiline: true, dynamicPrompts: true } },
        text_l: { type: 'STRING', options: { multiline: true, dynamicPrompts: true } },
      },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
]
