import type { NodeDefinition } from './node-definition.ts'

/** Factors on the weights of attention. */
export const attentionMultiplyNodes: readonly NodeDefinition[] = [
  {
    className: 'UNetSelfAttentionMultiply',
    displayName: null,
    category: '_for_testing/attention_experiments',
    pythonModule: 'comfy_extras.nodes_attention_multiply',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        q: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        k: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        v: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        out: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'UNetCrossAttentionMultiply',
    displayName: null,
    category: '_for_testing/attention_experiments',
    pythonModule: 'comfy_extras.nodes_attention_multiply',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        q: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        k: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        v: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        out: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'CLIPAttentionMultiply',
    displayName: null,
    category: '_for_testing/attention_experiments',
    pythonModule: 'comfy_extras.nodes_attention_multiply',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        clip: { type: 'CLIP' },
        q: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        k: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        v: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        out: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'CLIP' }],
  },
  {
    className: 'UNetTemporalAttentionMultiply',
    displayName: null,
    category: '_for_testing/attention_experiments',
    pythonModule: 'comfy_extras.nodes_attention_multiply',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        self_structural: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        self_temporal: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        cross_structural: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        cross_temporal: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
