import type { NodeDefinition } from './node-definition.ts'

// ComfyUI's front end (1.27.10, useModelToNodeStore) takes these classes to be there: while one is missing it cannot draw
// any loader with a list of checkpoints, LoRA files or autoencoders. Hence they are listed, even those that cannot load.

/** Loads a style model. */
export const styleModelLoader: NodeDefinition = {
  className: 'StyleModelLoader',
  displayName: 'Load Style Model',
  category: 'loaders',
  inputs: { required: { style_model_name: { type: { choicesFrom: 'style_models' } } } },
  outputs: [{ type: 'STYLE_MODEL' }],
}

/** Loads a checkpoint of models that are told pictures instead of texts. */
export const imageOnlyCheckpointLoader: NodeDefinition = {
  className: 'ImageOnlyCheckpointLoader',
  displayName: 'Image Only Checkpoint Loader (img2vid model)',
  category: 'loaders/video_models',
  pythonModule: 'comfy_extras.nodes_video_model',
  inputs: { required: { ckpt_name: { type: { choicesFrom: 'checkpoints' } } } },
  outputs: [{ type: 'MODEL' }, { type: 'CLIP_VISION' }, { type: 'VAE' }],
}
