import type { InputDefinition, NodeDefinition } from './node-definition.ts'

const SIDE: InputDefinition = { type: 'INT', options: { default: 64, min: 8, max: 16384, step: 8 } }
const PLACE: InputDefinition = { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } }

/** Loads a GLIGEN model. */
export const gligenLoader: NodeDefinition = {
  className: 'GLIGENLoader',
  displayName: 'GLIGENLoader',
  category: 'loaders',
  inputs: { required: { gligen_name: { type: { choicesFrom: 'gligen' } } } },
  outputs: [{ type: 'GLIGEN' }],
}

/** Puts a text into a box of the picture. */
export const gligenTextBoxApply: NodeDefinition = {
  className: 'GLIGENTextBoxApply',
  displayName: 'GLIGENTextBoxApply',
  category: 'conditioning/gligen',
  inputs: {
    required: {
      conditioning_to: { type: 'CONDITIONING' },
      clip: { type: 'CLIP' },
      gligen_textbox_model: { type: 'GLIGEN' },
      text: { type: 'STRING', options: { multiline: true, dynamicPrompts: true } },
      ...{ width: SIDE, height: SIDE, x: PLACE, y: PLACE },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
}
