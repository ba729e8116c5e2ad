import type { NodeDefinition } from './node-definition.ts'

/** Saves pictures as numbered PNG files in the output folder. */
export const saveImage: NodeDefinition = {
  className: 'SaveImage',
  displayName: 'Save Image',
  category: 'image',
  isOutput: true,
  inputs: {
    required: {
      images: { type: 'IMAGE', options: { tooltip: '' } },
      filename_prefix: { type: 'STRING', options: { default: 'ComfyUI', tooltip: '' } },
    },
    hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  },
  outputs: [],
}
