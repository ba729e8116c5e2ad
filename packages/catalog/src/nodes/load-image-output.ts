import type { NodeDefinition } from './node-definition.ts'

/** Reads a picture and its alpha (as a mask) from the output folder. */
export const loadImageOutput: NodeDefinition = {
  className: 'LoadImageOutput',
  displayName: 'Load Image (from Outputs)',
  category: 'image',
  isExperimental: true,
  inputs: {
    required: {
      image: {
        type: 'COMBO',
        options: {
          image_upload: true,
          image_folder: 'output',
          remote: { route: '/internal/files/output', refresh_button: true, control_after_refresh: 'first' },
        },
      },
    },
  },
  outputs: [{ type: 'IMAGE' }, { type: 'MASK' }],
  checks: { image: 'file-exists' },
}
