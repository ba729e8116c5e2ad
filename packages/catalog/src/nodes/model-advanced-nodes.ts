import type { NodeDefinition } from './node-definition.ts'

/** How a model is sampled: what it predicts, at which sigmas, and how it is guided. */
export const modelAdvancedNodes: readonly NodeDefinition[] = [
  {
    className: 'ModelSamplingDiscrete',
    displayName: 'ModelSamplingDiscrete',
    category: 'advanced/model',
    pythonModule: 'comfy_extras.nodes_model_advanced',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        sampling: { type: { choices: ['eps', 'v_prediction', 'lcm', 'x0', 'img_to_img'] } },
        zsnr: { type: 'BOOLEAN', options: { default: false } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'ModelSamplingContinuousEDM',
    displayName: 'ModelSamplingContinuousEDM',
    category: 'advanced/model',
    pythonModule: 'comfy_extras.nodes_model_advanced',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        sampling: {
          type: { choices: ['v_prediction', 'edm', 'edm_playground_v2.5', 'eps', 'cosmos_rflow'] },
        },
        sigma_max: { type: 'FLOAT', options: { default: 120, min: 0, max: 1000, step: 0.001, round: false } },
        sigma_min: {
          type: 'FLOAT',
          options: { default: 0.002, min: 0, max: 1000, step: 0.001, round: false },
        },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'ModelSamplingContinuousV',
    displayName: 'ModelSamplingContinuousV',
    category: 'advanced/model',
    pythonModule: 'comfy_extras.nodes_model_advanced',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        sampling: { type: { choices: ['v_prediction'] } },
        sigma_max: { type: 'FLOAT', options: { default: 500, min: 0, max: 1000, step: 0.001, round: false } },
        sigma_min: {
          type: 'FLOAT',
          options: { default: 0.03, min: 0, max: 1000, step: 0.001, round: false },
        },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  ...[
    { className: 'ModelSamplingSD3', shift: 3 },
    { className: 'ModelSamplingAuraFlow', shift: 1.73 },
  ].map(({ className, shift }) => ({
    className,
    displayName: className,
    category: 'advanced/model',
    pythonModule: 'comfy_extras.nodes_model_advanced',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        shift: { type: 'FLOAT', options: { default: shift, min: 0, max: 100, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  })),
  {
    className: 'ModelSamplingFlux',
    displayName: 'ModelSamplingFlux',
    category: 'advanced/model',
    pythonModule: 'comfy_extras.nodes_model_advanced',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        max_shift: { type: 'FLOAT', options: { default: 1.15, min: 0, max: 100, step: 0.01 } },
        base_shift: { type: 'FLOAT', options: { default: 0.5, min: 0, max: 100, step: 0.01 } },
        width: { type: 'INT', options: { default: 1024, min: 16, max: 16384, step: 8 } },
        height: { type: 'INT', options: { default: 1024, min: 16, max: 16384, step: 8 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'RescaleCFG',
    displayName: 'RescaleCFG',
    category: 'advanced/model',
    pythonModule: 'comfy_extras.nodes_model_advanced',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        multiplier: { type: 'FLOAT', options: { default: 0.7, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'ModelComputeDtype',
    displayName: 'ModelComputeDtype',
    category: 'advanced/debug/model',
    pythonModule: 'comfy_extras.nodes_model_advanced',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        dtype: { type: { choices: ['default', 'fp32', 'fp16', 'bf16'] } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
