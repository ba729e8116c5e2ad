import type { NodeDefinition } from './node-definition.ts'

/** Pictures laid over each other by their alpha. */
export const compositingNodes: readonly NodeDefinition[] = [
  {
    className: 'PorterDuffImageComposite',
    displayName: 'Porter-Duff Image Composite',
    category: 'mask/compositing',
    pythonModule: 'comfy_extras.nodes_compositing',
    isSchemaNode: true,
    inputs: {
      required: {
        source: { type: 'IMAGE' },
        source_alpha: { type: 'MASK' },
        destination: { type: 'IMAGE' },
        destination_alpha: { type: 'MASK' },
        mode: {
          type: {
            choices: [
              'ADD',
              'CLEAR',
              'DARKEN',
              'DST',
              'DST_ATOP',
              'DST_IN',
              'DST_OUT',
              'DST_OVER',
              'LIGHTEN',
              'MULTIPLY',
              'OVERLAY',
              'SCREEN',
              'SRC',
              'SRC_ATOP',
              'SRC_IN',
              'SRC_OUT',
              'SRC_OVER',
              'XOR',
            ],
          },
          options: { default: 'DST' },
        },
      },
    },
    outputs: [{ type: 'IMAGE' }, { type: 'MASK' }],
  },
  {
    className: 'SplitImageWithAlpha',
    displayName: 'Split Image with Alpha',
    category: 'mask/compositing',
    pythonModule: 'comfy_extras.nodes_compositing',
    isSchemaNode: true,
    inputs: { required: { image: { type: 'IMAGE' } } },
    outputs: [{ type: 'IMAGE' }, { type: 'MASK' }],
  },
  {
    className: 'JoinImageWithAlpha',
    displayName: 'Join Image with Alpha',
    category: 'mask/compositing',
    pythonModule: 'comfy_extras.nodes_compositing',
    isSchemaNode: true,
    inputs: { required: { image: { type: 'IMAGE' }, alpha: { type: 'MASK' } } },
    outputs: [{ type: 'IMAGE' }],
  },
]
