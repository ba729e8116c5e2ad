import type { NodeDefinition } from './node-definition.ts'

/** Pictures encoded by CLIP. */
export const clipVisionEncode: NodeDefinition = {
  className: 'CLIPVisionEncode',
  displayName: 'CLIP Vision Encode',
  category: 'conditioning',
  inputs: {
    required: {
      clip_vision: { type: 'CLIP_VISION' },
      image: { type: 'IMAGE' },
      crop: { type: { choices: ['center', 'none'] } },
    },
  },
  outputs: [{ type: 'CLIP_VISION_OUTPUT' }],
}

/** Pictures to make something like. */
export const unClipConditioning: NodeDefinition = {
  className: 'unCLIPConditioning',
  displayName: 'unCLIPConditioning',
  category: 'conditioning',
  inputs: {
    required: {
      conditioning: { type: 'CONDITIONING' },
      clip_vision_output: { type: 'CLIP_VISION_OUTPUT' },
      strength: { type: 'FLOAT', options: { default: 1, min: -10, max: 10, step: 0.01 } },
      noise_augmentation: { type: 'FLOAT', options: { default: 0, min: 0, max: 1, step: 0.01 } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}

/** Loads an encoder of pictures. */
export const clipVisionLoader: NodeDefinition = {
  className: 'CLIPVisionLoader',
  displayName: 'Load CLIP Vision',
  category: 'loaders',
  inputs: { required: { clip_name: { type: { choicesFrom: 'clip_vision' } } } },
  outputs: [{ type: 'CLIP_VISION' }],
}

/** Loads a checkpoint with its encoder of pictures. */
export const unClipCheckpointLoader: NodeDefinition = {
  className: 'unCLIPCheckpointLoader',
  displayName: 'unCLIPCheckpointLoader',
  category: 'loaders',
  inputs: { required: { ckpt_name: { type: { choicesFrom: 'checkpoints' } } } },
  outputs: [{ type: 'MODEL' }, { type: 'CLIP' }, { type: 'VAE' }, { type: 'CLIP_VISION' }],
}

/** Adds what a style model makes of pictures to prompts. */
export const styleModelApply: NodeDefinition = {
  className: 'StyleModelApply',
  displayName: 'Apply Style Model',
  category: 'conditioning/style_model',
  inputs: {
    required: {
      conditioning: { type: 'CONDITIONING' },
      style_model: { type: 'STYLE_MODEL' },
      clip_vision_output: { type: 'CLIP_VISION_OUTPUT' },
      strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.001 } },
      strength_type: { type: { choices: ['multiply', 'attn_bias'] } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
