import type { InputDefinition, NodeDefinition } from './node-definition.ts'

const STRENGTH: InputDefinition = { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } }
const SPAN: Readonly<Record<string, InputDefinition>> = {
  start_percent: { type: 'FLOAT', options: { default: 0, min: 0, max: 1, step: 0.001 } },
  end_percent: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.001 } },
}
const PAIR: Readonly<Record<string, InputDefinition>> = {
  positive: { type: 'CONDITIONING' },
  negative: { type: 'CONDITIONING' },
  control_net: { type: 'CONTROL_NET' },
}
const BOTH = [
  { type: 'CONDITIONING', name: 'positive' },
  { type: 'CONDITIONING', name: 'negative' },
]

/** ControlNets put on conditionings, and loaded. */
export const controlNetNodes: readonly NodeDefinition[] = [
  {
    className: 'ControlNetApply',
    displayName: 'Apply ControlNet (OLD)',
    category: 'conditioning/controlnet',
    isDeprecated: true,
    inputs: {
      required: {
        conditioning: { type: 'CONDITIONING' },
        control_net: { type: 'CONTROL_NET' },
        image: { type: 'IMAGE' },
        strength: STRENGTH,
      },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
  {
    className: 'ControlNetApplyAdvanced',
    displayName: 'Apply ControlNet',
    category: 'conditioning/controlnet',
    inputs: {
      required: { ...PAIR, image: { type: 'IMAGE' }, strength: STRENGTH, ...SPAN },
      optional: { vae: { type: 'VAE' } },
    },
    outputs: BOTH,
  },
  {
    className: 'ControlNetLoader',
    displayName: 'Load ControlNet Model',
    category: 'loaders',
    inputs: { required: { control_net_name: { type: { choicesFrom: 'controlnet' } } } },
    outputs: [{ type: 'CONTROL_NET' }],
  },
  {
    className: 'DiffControlNetLoader',
    displayName: 'Load ControlNet Model (diff)',
    category: 'loaders',
    inputs: {
      required: { model: { type: 'MODEL' }, control_net_name: { type: { choicesFrom: 'controlnet' } } },
    },
    outputs: [{ type: 'CONTROL_NET' }],
  },
]

/** Edges of a picture. */
export const cannyNodes: readonly NodeDefinition[] = [
  {
    className: 'Canny',
    displayName: null,
    category: 'image/preprocessors',
    pythonModule: 'comfy_extras.nodes_canny',
    isSchemaNode: true,
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        low_threshold: { type: 'FLOAT', options: { default: 0.4, min: 0.01, max: 0.99, step: 0.01 } },
        high_threshold: { type: 'FLOAT', options: { default: 0.8, min: 0.01, max: 0.99, step: 0.01 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
]

/** ControlNets of several kinds of pictures, and for inpainting. */
export const unionControlNetNodes: readonly NodeDefinition[] = [
  {
    className: 'SetUnionControlNetType',
    displayName: 'SetUnionControlNetType',
    category: 'conditioning/controlnet',
    pythonModule: 'comfy_extras.nodes_controlnet',
    inputs: {
      required: {
        control_net: { type: 'CONTROL_NET' },
        type: {
          type: {
            choices: [
              ...['auto', 'openpose', 'depth', 'hed/pidi/scribble/ted'],
              ...['canny/lineart/anime_lineart/mlsd', 'normal', 'segment', 'tile', 'repaint'],
            ],
          },
        },
      },
    },
    outputs: [{ type: 'CONTROL_NET' }],
  },
  {
    className: 'ControlNetInpaintingAliMamaApply',
    displayName: 'ControlNetInpaintingAliMamaApply',
    category: 'conditioning/controlnet',
    pythonModule: 'comfy_extras.nodes_controlnet',
    inputs: {
      required: {
        ...PAIR,
        vae: { type: 'VAE' },
        image: { type: 'IMAGE' },
        mask: { type: 'MASK' },
        strength: STRENGTH,
        ...SPAN,
      },
    },
    outputs: BOTH,
  },
]
