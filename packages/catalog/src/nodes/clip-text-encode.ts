import type { NodeDefinition } from './node-definition.ts'

/** Encodes a prompt with the text encoders. */
export const clipTextEncode: NodeDefinition = {
  className: 'CLIPTextEncode',
  displayName: 'CLIP Text Encode (Prompt)',
  category: 'conditioning',
  inputs: {
    required: {
      text: { type: 'STRING', options: { multiline: true, dynamicPrompts: true, tooltip: '' } },
      clip: { type: 'CLIP', options: { tooltip: '' } },
    },
  },
  outputs: [{ type: 'CONDITIONING' }],
  outputTooltips: [''],
}
