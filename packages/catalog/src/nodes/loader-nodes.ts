import type { NodeDefinition } from './node-definition.ts'

/** Configurations of ComfyUI's `configs` folder; the checkpoint's content says what they would. */
const CONFIGS = [
  'anything_v3.yaml',
  'v1-inference.yaml',
  'v1-inference_clip_skip_2.yaml',
  'v1-inference_clip_skip_2_fp16.yaml',
  'v1-inference_fp16.yaml',
  'v1-inpainting-inference.yaml',
  'v2-inference-v.yaml',
  'v2-inference-v_fp32.yaml',
  'v2-inference.yaml',
  'v2-inference_fp32.yaml',
  'v2-inpainting-inference.yaml',
]
const DEVICE = { type: { choices: ['default', 'cpu'] }, options: { advanced: true } }
const TEXT_FILE = { type: { choicesFrom: 'text_encoders' } } as const
const WHOLE = [{ type: 'MODEL' }, { type: 'CLIP' }, { type: 'VAE' }]

/** Loads a checkpoint as one of ComfyUI's configurations describes it. */
export const checkpointLoader: NodeDefinition = {
  className: 'CheckpointLoader',
  displayName: 'Load Checkpoint With Config (DEPRECATED)',
  category: 'advanced/loaders',
  isDeprecated: true,
  inputs: {
    required: {
      config_name: { type: { choices: CONFIGS } },
      ckpt_name: { type: { choicesFrom: 'checkpoints' } },
    },
  },
  outputs: WHOLE,
}

/** Loads a Diffusers folder. */
export const diffusersLoader: NodeDefinition = {
  className: 'DiffusersLoader',
  displayName: 'DiffusersLoader',
  category: 'advanced/loaders/deprecated',
  inputs: { required: { model_path: { type: { choicesFrom: 'diffusers' } } } },
  outputs: WHOLE,
}

/** Loads a denoiser of its own. */
export const unetLoader: NodeDefinition = {
  className: 'UNETLoader',
  displayName: 'Load Diffusion Model',
  category: 'advanced/loaders',
  inputs: {
    required: {
      unet_name: { type: { choicesFrom: 'diffusion_models' } },
      weight_dtype: { type: { choices: ['default', 'fp8_e4m3fn', 'fp8_e4m3fn_fast', 'fp8_e5m2'] } },
    },
  },
  outputs: [{ type: 'MODEL' }],
}

/** Loads one text encoder. */
export const clipLoader: NodeDefinition = {
  className: 'CLIPLoader',
  displayName: 'Load CLIP',
  category: 'advanced/loaders',
  inputs: {
    required: {
      clip_name: TEXT_FILE,
      type: {
        type: {
          choices: [
            'stable_diffusion',
            'stable_cascade',
            'sd3',
            'stable_audio',
            'mochi',
            'ltxv',
            'pixart',
            'cosmos',
            'lumina2',
            'wan',
            'hidream',
            'chroma',
            'ace',
            'omnigen2',
            'qwen_image',
            'hunyuan_image',
          ],
        },
      },
    },
    optional: { device: DEVICE },
  },
  outputs: [{ type: 'CLIP' }],
}

/** Loads two text encoders that are used together. */
export const dualClipLoader: NodeDefinition = {
  className: 'DualCLIPLoader',
  displayName: 'DualCLIPLoader',
  category: 'advanced/loaders',
  inputs: {
    required: {
      clip_name1: TEXT_FILE,
      clip_name2: TEXT_FILE,
      type: { type: { choices: ['sdxl', 'sd3', 'flux', 'hunyuan_video', 'hidream', 'hunyuan_image'] } },
    },
    optional: { device: DEVICE },
  },
  outputs: [{ type: 'CLIP' }],
}

/** Loads an autoencoder of its own. */
export const vaeLoader: NodeDefinition = {
  className: 'VAELoader',
  displayName: 'Load VAE',
  category: 'loaders',
  inputs: { required: { vae_name: { type: { choicesFrom: 'vae' } } } },
  outputs: [{ type: 'VAE' }],
}
