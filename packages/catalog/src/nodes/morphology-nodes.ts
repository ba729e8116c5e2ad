import type { NodeDefinition } from './node-definition.ts'

/** Morphology and colour spaces of pictures. */
export const morphologyNodes: readonly NodeDefinition[] = [
  {
    className: 'Morphology',
    displayName: 'ImageMorphology',
    category: 'image/postprocessing',
    pythonModule: 'comfy_extras.nodes_morphology',
    isSchemaNode: true,
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        operation: {
          type: { choices: ['erode', 'dilate', 'open', 'close', 'gradient', 'bottom_hat', 'top_hat'] },
        },
        kernel_size: { type: 'INT', options: { default: 3, min: 3, max: 999, step: 1 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageRGBToYUV',
    displayName: null,
    category: 'image/batch',
    pythonModule: 'comfy_extras.nodes_morphology',
    isSchemaNode: true,
    inputs: { required: { image: { type: 'IMAGE' } } },
    outputs: [
      { type: 'IMAGE', name: 'Y' },
      { type: 'IMAGE', name: 'U' },
      { type: 'IMAGE', name: 'V' },
    ],
  },
  {
    className: 'ImageYUVToRGB',
    displayName: null,
    category: 'image/batch',
    pythonModule: 'comfy_extras.nodes_morphology',
    isSchemaNode: true,
    inputs: { required: { Y: { type: 'IMAGE' }, U: { type: 'IMAGE' }, V: { type: 'IMAGE' } } },
    outputs: [{ type: 'IMAGE' }],
  },
]
