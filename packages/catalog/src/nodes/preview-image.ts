import type { NodeDefinition } from './node-definition.ts'

/** Saves pictures as PNG files in the temp folder. */
export const previewImage: NodeDefinition = {
  className: 'PreviewImage',
  displayName: 'Preview Image',
  category: 'image',
  isOutput: true,
  inputs: {
    required: {
      images: { type: 'IMAGE' },
    },
    hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  },
  outputs: [],
}
