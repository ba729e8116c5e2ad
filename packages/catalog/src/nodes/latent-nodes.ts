import type { NodeDefinition } from './node-definition.ts'

/** Arithmetic on latents. */
export const latentNodes: readonly NodeDefinition[] = [
  {
    className: 'LatentAdd',
    displayName: null,
    category: 'latent/advanced',
    pythonModule: 'comfy_extras.nodes_latent',
    isSchemaNode: true,
    inputs: { required: { samples1: { type: 'LATENT' }, samples2: { type: 'LATENT' } } },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentSubtract',
    displayName: null,
    category: 'latent/advanced',
    pythonModule: 'comfy_extras.nodes_latent',
    isSchemaNode: true,
    inputs: { required: { samples1: { type: 'LATENT' }, samples2: { type: 'LATENT' } } },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentMultiply',
    displayName: null,
    category: 'latent/advanced',
    pythonModule: 'comfy_extras.nodes_latent',
    isSchemaNode: true,
    inputs: {
      required: {
        samples: { type: 'LATENT' },
        multiplier: { type: 'FLOAT', options: { default: 1, min: -10, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentInterpolate',
    displayName: null,
    category: 'latent/advanced',
    pythonModule: 'comfy_extras.nodes_latent',
    isSchemaNode: true,
    inputs: {
      required: {
        samples1: { type: 'LATENT' },
        samples2: { type: 'LATENT' },
        ratio: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentConcat',
    displayName: null,
    category: 'latent/advanced',
    pythonModule: 'comfy_extras.nodes_latent',
    isSchemaNode: true,
    inputs: {
      required: {
        samples1: { type: 'LATENT' },
        samples2: { type: 'LATENT' },
        dim: { type: { choices: ['x', '-x', 'y', '-y', 't', '-t'] } },
      },
    },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentCut',
    displayName: null,
    category: 'latent/advanced',
    pythonModule: 'comfy_extras.nodes_latent',
    isSchemaNode: true,
    inputs: {
      required: {
        samples: { type: 'LATENT' },
        dim: { type: { choices: ['x', 'y', 't'] } },
        index: { type: 'INT', options: { default: 0, min: -16384, max: 16384, step: 1 } },
        amount: { type: 'INT', options: { default: 1, min: 1, max: 16384, step: 1 } },
      },
    },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentBatch',
    displayName: null,
    category: 'latent/batch',
    pythonModule: 'comfy_extras.nodes_latent',
    isSchemaNode: true,
    inputs: { required: { samples1: { type: 'LATENT' }, samples2: { type: 'LATENT' } } },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentBatchSeedBehavior',
    displayName: null,
    category: 'latent/advanced',
    pythonModule: 'comfy_extras.nodes_latent',
    isSchemaNode: true,
    inputs: {
      required: {
        samples: { type: 'LATENT' },
        seed_behavior: { type: { choices: ['random', 'fixed'] }, options: { default: 'fixed' } },
      },
    },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentApplyOperation',
    displayName: null,
    category: 'latent/advanced/operations',
    pythonModule: 'comfy_extras.nodes_latent',
    isExperimental: true,
    isSchemaNode: true,
    inputs: { required: { samples: { type: 'LATENT' }, operation: { type: 'LATENT_OPERATION' } } },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'LatentApplyOperationCFG',
    displayName: null,
    category: 'latent/advanced/operations',
    pythonModule: 'comfy_extras.nodes_latent',
    isExperimental: true,
    isSchemaNode: true,
    inputs: { required: { model: { type: 'MODEL' }, operation: { type: 'LATENT_OPERATION' } } },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'LatentOperationTonemapReinhard',
    displayName: null,
    category: 'latent/advanced/operations',
    pythonModule: 'comfy_extras.nodes_latent',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: { multiplier: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01 } } },
    },
    outputs: [{ type: 'LATENT_OPERATION' }],
  },
  {
    className: 'LatentOperationSharpen',
    displayName: null,
    category: 'latent/advanced/operations',
    pythonModule: 'comfy_extras.nodes_latent',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        sharpen_radius: { type: 'INT', options: { default: 9, min: 1, max: 31, step: 1 } },
        sigma: { type: 'FLOAT', options: { default: 1, min: 0.1, max: 10, step: 0.1 } },
        alpha: { type: 'FLOAT', options: { default: 0.1, min: 0, max: 5, step: 0.01 } },
      },
    },
    outputs: [{ type: 'LATENT_OPERATION' }],
  },
]
