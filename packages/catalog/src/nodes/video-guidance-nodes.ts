import type { InputDefinition, NodeDefinition } from './node-definition.ts'

const inputs: { required: Record<string, InputDefinition> } = {
  required: {
    model: { type: 'MODEL' },
    min_cfg: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.5, round: 0.01 } },
  },
}

/** Guidance that rises from the first picture of a batch on. */
export const videoGuidanceNodes: readonly NodeDefinition[] = ['Linear', 'Triangle'].map((course) => ({
  className: `Video${course}CFGGuidance`,
  displayName: `Video${course}CFGGuidance`,
  category: 'sampling/video_models',
  pythonModule: 'comfy_extras.nodes_video_model',
  inputs,
  outputs: [{ type: 'MODEL' }],
}))
