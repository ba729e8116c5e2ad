import type { NodeDefinition } from './node-definition.ts'

/** Sends pictures as PNG frames over the websocket instead of saving them. */
export const saveImageWebsocket: NodeDefinition = {
  className: 'SaveImageWebsocket',
  displayName: 'SaveImageWebsocket',
  category: 'api/image',
  pythonModule: 'custom_nodes.websocket_image_save',
  isOutput: true,
  inputs: {
    required: {
      images: { type: 'IMAGE' },
    },
  },
  outputs: [],
}
