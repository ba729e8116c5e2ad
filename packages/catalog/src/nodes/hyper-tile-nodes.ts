import type { NodeDefinition } from './node-definition.ts'

/** Self-attention tile by tile. */
export const hyperTileNodes: readonly NodeDefinition[] = [
  {
    className: 'HyperTile',
    displayName: null,
    category: 'model_patches/unet',
    pythonModule: 'comfy_extras.nodes_hypertile',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        tile_size: { type: 'INT', options: { default: 256, min: 1, max: 2048 } },
        swap_size: { type: 'INT', options: { default: 2, min: 1, max: 128 } },
        max_depth: { type: 'INT', options: { default: 0, min: 0, max: 10 } },
        scale_depth: { type: 'BOOLEAN', options: { default: false } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
