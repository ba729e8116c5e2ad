import type { NodeDefinition } from './node-definition.ts'

/** Upscales pictures with a network, by the network's own factor. */
export const imageUpscaleWithModel: NodeDefinition = {
  className: 'ImageUpscaleWithModel',
  displayName: 'Upscale Image (using Model)',
  category: 'image/upscaling',
  pythonModule: 'comfy_extras.nodes_upscale_model',
  isSchemaNode: true,
  inputs: { required: { upscale_model: { type: 'UPSCALE_MODEL' }, image: { type: 'IMAGE' } } },
  outputs: [{ type: 'IMAGE' }],
}
