import type { NodeDefinition } from './node-definition.ts'

const STRENGTH = { default: 1, min: -100, max: 100, step: 0.01 }

/** Applies a LoRA to a model and its text encoders. */
export const loraLoader: NodeDefinition = {
  className: 'LoraLoader',
  displayName: 'Load LoRA',
  category: 'loaders',
  inputs: {
    required: {
      model: { type: 'MODEL', options: { tooltip: '' } },
      clip: { type: 'CLIP', options: { tooltip: '' } },
      lora_name: { type: { choicesFrom: 'loras' }, options: { tooltip: '' } },
      strength_model: { type: 'FLOAT', options: { ...STRENGTH, tooltip: '' } },
      strength_clip: { type: 'FLOAT', options: { ...STRENGTH, tooltip: '' } },
    },
  },
  outputs: [{ type: 'MODEL' }, { type: 'CLIP' }],
  outputTooltips: ['', ''],
}

/** Applies a LoRA to a model alone. */
export const loraLoaderModelOnly: NodeDefinition = {
  className: 'LoraLoaderModelOnly',
  displayName: 'LoraLoaderModelOnly',
  category: 'loaders',
  inputs: {
    required: {
      model: { type: 'MODEL' },
      lora_name: { type: { choicesFrom: 'loras' } },
      strength_model: { type: 'FLOAT', options: STRENGTH },
    },
  },
  outputs: [{ type: 'MODEL' }],
  // The class inherits them from the other one.
  outputTooltips: ['', ''],
}
