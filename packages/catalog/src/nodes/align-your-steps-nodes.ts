import type { NodeDefinition } from './node-definition.ts'

/** The schedule Align Your Steps. */
export const alignYourStepsNodes: readonly NodeDefinition[] = [
  {
    className: 'AlignYourStepsScheduler',
    displayName: null,
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_align_your_steps',
    isSchemaNode: true,
    inputs: {
      required: {
        model_type: { type: { choices: ['SD1', 'SDXL', 'SVD'] } },
        steps: { type: 'INT', options: { default: 10, min: 1, max: 10000 } },
        denoise: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
]
