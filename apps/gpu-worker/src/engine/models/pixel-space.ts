import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { LoadedVae } from './loaded-model.ts'

/** ComfyUI's name, among the autoencoders, for none at all: latents are pixels, -1 to 1. */
export const PIXEL_SPACE = 'pixel_space'

/** A log variance so low that nothing is drawn around the mean. */
const CERTAIN = -30

/** The autoencoder that changes nothing, for models that work on pixels. */
export const pixelSpaceVae: LoadedVae = {
  cell: 1,
  decode: async (latent) => latent,
  encode: async (pixels) => ({ mean: pixels, logVariance: certain(pixels) }),
}

function certain({ shape, data }: Tensor): Tensor {
  return createTensor(shape, new Float32Array(data.length).fill(CERTAIN))
}
