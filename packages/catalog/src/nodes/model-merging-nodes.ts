import type { NodeDefinition } from './node-definition.ts'

/** Models and text encoders mixed, and saved as files. */
export const modelMergingNodes: readonly NodeDefinition[] = [
  {
    className: 'ModelMergeSimple',
    displayName: 'ModelMergeSimple',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    inputs: {
      required: {
        model1: { type: 'MODEL' },
        model2: { type: 'MODEL' },
        ratio: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'ModelMergeBlocks',
    displayName: 'ModelMergeBlocks',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    inputs: {
      required: {
        model1: { type: 'MODEL' },
        model2: { type: 'MODEL' },
        input: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
        middle: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
        out: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'ModelMergeSubtract',
    displayName: 'ModelMergeSubtract',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    inputs: {
      required: {
        model1: { type: 'MODEL' },
        model2: { type: 'MODEL' },
        multiplier: { type: 'FLOAT', options: { default: 1, min: -10, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'ModelMergeAdd',
    displayName: 'ModelMergeAdd',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    inputs: {
      required: {
        model1: { type: 'MODEL' },
        model2: { type: 'MODEL' },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'CheckpointSave',
    displayName: 'Save Checkpoint',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    isOutput: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        clip: { type: 'CLIP' },
        vae: { type: 'VAE' },
        filename_prefix: { type: 'STRING', options: { default: 'checkpoints/ComfyUI' } },
      },
      hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    },
    outputs: [],
  },
  {
    className: 'CLIPMergeSimple',
    displayName: 'CLIPMergeSimple',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    inputs: {
      required: {
        clip1: { type: 'CLIP' },
        clip2: { type: 'CLIP' },
        ratio: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'CLIP' }],
  },
  {
    className: 'CLIPMergeSubtract',
    displayName: 'CLIPMergeSubtract',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    inputs: {
      required: {
        clip1: { type: 'CLIP' },
        clip2: { type: 'CLIP' },
        multiplier: { type: 'FLOAT', options: { default: 1, min: -10, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'CLIP' }],
  },
  {
    className: 'CLIPMergeAdd',
    displayName: 'CLIPMergeAdd',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    inputs: {
      required: {
        clip1: { type: 'CLIP' },
        clip2: { type: 'CLIP' },
      },
    },
    outputs: [{ type: 'CLIP' }],
  },
  {
    className: 'CLIPSave',
    displayName: 'CLIPSave',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    isOutput: true,
    inputs: {
      required: {
        clip: { type: 'CLIP' },
        filename_prefix: { type: 'STRING', options: { default: 'clip/ComfyUI' } },
      },
      hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    },
    outputs: [],
  },
  {
    className: 'VAESave',
    displayName: 'VAESave',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    isOutput: true,
    inputs: {
      required: {
        vae: { type: 'VAE' },
        filename_prefix: { type: 'STRING', options: { default: 'vae/ComfyUI_vae' } },
      },
      hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    },
    outputs: [],
  },
  {
    className: 'ModelSave',
    displayName: 'ModelSave',
    category: 'advanced/model_merging',
    pythonModule: 'comfy_extras.nodes_model_merging',
    isOutput: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        filename_prefix: { type: 'STRING', options: { default: 'diffusion_models/ComfyUI' } },
      },
      hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    },
    outputs: [],
  },
]
