import type { InputDefinition, NodeDefinition } from './node-definition.ts'

const shifts: Record<string, InputDefinition> = {
  max_shift: { type: 'FLOAT', options: { default: 2.05, min: 0, max: 100, step: 0.01 } },
  base_shift: { type: 'FLOAT', options: { default: 0.95, min: 0, max: 100, step: 0.01 } },
}

/** Rectified flows sampled by the number of places in a latent, and their schedule. */
export const ltxvNodes: readonly NodeDefinition[] = [
  {
    className: 'ModelSamplingLTXV',
    displayName: null,
    category: 'advanced/model',
    pythonModule: 'comfy_extras.nodes_lt',
    isSchemaNode: true,
    inputs: {
      required: { model: { type: 'MODEL' }, ...shifts },
      optional: { latent: { type: 'LATENT' } },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'LTXVScheduler',
    displayName: null,
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_lt',
    isSchemaNode: true,
    inputs: {
      required: {
        steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
        ...shifts,
        stretch: { type: 'BOOLEAN', options: { tooltip: '', default: true } },
        terminal: { type: 'FLOAT', options: { tooltip: '', default: 0.1, min: 0, max: 0.99, step: 0.01 } },
      },
      optional: { latent: { type: 'LATENT' } },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
]

/** Steps of rectified flows found by search. */
export const optimalStepsNodes: readonly NodeDefinition[] = [
  {
    className: 'OptimalStepsScheduler',
    displayName: null,
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_optimalsteps',
    isSchemaNode: true,
    inputs: {
      required: {
        model_type: { type: 'COMBO', options: { multiselect: false, options: ['FLUX', 'Wan', 'Chroma'] } },
        steps: { type: 'INT', options: { default: 20, min: 3, max: 1000 } },
        denoise: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
]
