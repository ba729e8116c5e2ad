import type { NodeDefinition } from './node-definition.ts'

/** Samplers beside those of the list. */
export const advancedSamplerNodes: readonly NodeDefinition[] = [
  {
    className: 'SamplerLCMUpscale',
    displayName: null,
    category: 'sampling/custom_sampling/samplers',
    pythonModule: 'comfy_extras.nodes_advanced_samplers',
    isSchemaNode: true,
    inputs: {
      required: {
        scale_ratio: { type: 'FLOAT', options: { default: 1, min: 0.1, max: 20, step: 0.01 } },
        scale_steps: { type: 'INT', options: { default: -1, min: -1, max: 1000, step: 1 } },
        upscale_method: { type: { choices: ['bislerp', 'nearest-exact', 'bilinear', 'area', 'bicubic'] } },
      },
    },
    outputs: [{ type: 'SAMPLER' }],
  },
  {
    className: 'SamplerEulerCFGpp',
    displayName: 'SamplerEulerCFG++',
    category: '_for_testing',
    pythonModule: 'comfy_extras.nodes_advanced_samplers',
    isExperimental: true,
    isSchemaNode: true,
    inputs: { required: { version: { type: { choices: ['regular', 'alternative'] } } } },
    outputs: [{ type: 'SAMPLER' }],
  },
]
