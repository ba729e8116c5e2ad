import type { NodeDefinition } from './node-definition.ts'

/** Loads an upscaler network. */
export const upscaleModelLoader: NodeDefinition = {
  className: 'UpscaleModelLoader',
  displayName: 'Load Upscale Model',
  category: 'loaders',
  pythonModule: 'comfy_extras.nodes_upscale_model',
  isSchemaNode: true,
  inputs: { required: { model_name: { type: { choicesFrom: 'upscale_models' } } } },
  outputs: [{ type: 'UPSCALE_MODEL' }],
}
