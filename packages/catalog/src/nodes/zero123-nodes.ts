import type { InputDefinition, NodeDefinition } from './node-definition.ts'

const SIDE: InputDefinition = { type: 'INT', options: { default: 256, min: 16, max: 16384, step: 8 } }
const DEGREES: InputDefinition = {
  type: 'FLOAT',
  options: { default: 0, min: -180, max: 180, step: 0.1, round: false },
}

const seenFrom = (
  className: string,
  more: Readonly<Record<string, InputDefinition>> = {},
): NodeDefinition => ({
  className,
  displayName: null,
  category: 'conditioning/3d_models',
  pythonModule: 'comfy_extras.nodes_stable3d',
  isSchemaNode: true,
  inputs: {
    required: {
      clip_vision: { type: 'CLIP_VISION' },
      init_image: { type: 'IMAGE' },
      vae: { type: 'VAE' },
      width: SIDE,
      height: SIDE,
      batch_size: { type: 'INT', options: { default: 1, min: 1, max: 4096 } },
      elevation: DEGREES,
      azimuth: DEGREES,
      ...more,
    },
  },
  outputs: [
    { type: 'CONDITIONING', name: 'positive' },
    { type: 'CONDITIONING', name: 'negative' },
    { type: 'LATENT', name: 'latent' },
  ],
})

/** Pictures seen from elsewhere. */
export const zero123Nodes: readonly NodeDefinition[] = [
  seenFrom('StableZero123_Conditioning'),
  seenFrom('StableZero123_Conditioning_Batched', {
    elevation_batch_increment: DEGREES,
    azimuth_batch_increment: DEGREES,
  }),
]
