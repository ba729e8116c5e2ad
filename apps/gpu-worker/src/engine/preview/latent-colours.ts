import type { ModelFamily } from '@atelier/catalog'
import type { LatentFormat } from '../models/latent-format.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** A linear map from four latent channels to red, green and blue, -1 to 1. */
export interface LatentColours {
  readonly factors: readonly (readonly [number, number, number])[]
  readonly bias: readonly [number, number, number]
}

const NO_BIAS = [0, 0, 0] as const

const APPROX_CHEAP: LatentColours = {
  factors: [
    [0.298, 0.207, 0.208],
    [0.187, 0.286, 0.173],
    [-0.158, 0.189, 0.264],
    [-0.184, -0.271, -0.473],
  ],
  bias: NO_BIAS,
}

const APPROX_CHEAP_SDXL: LatentColours = {
  factors: [
    [0.3448, 0.4168, 0.4395],
    [-0.1953, -0.029, 0.025],
    [0.1074, 0.0886, -0.0163],
    [-0.373, -0.2499, -0.2088],
  ],
  bias: NO_BIAS,
}

const LATENT_TO_RGB: LatentColours = {
  factors: [
    [0.3512, 0.2297, 0.3227],
    [0.325, 0.4974, 0.235],
    [-0.2829, 0.1762, 0.2721],
    [-0.212, -0.2616, -0.7177],
  ],
  bias: NO_BIAS,
}

const LATENT_TO_RGB_SDXL: LatentColours = {
  factors: [
    [0.3651, 0.4232, 0.4341],
    [-0.2533, -0.0042, 0.1068],
    [0.1076, 0.1111, -0.0362],
    [-0.3165, -0.2492, -0.2188],
  ],
  bias: [0.1084, -0.0175, -0.0011],
}

const LATENT_TO_RGB_PLAYGROUND: LatentColours = {
  factors: [
    [0.392, 0.4054, 0.4549],
    [-0.2634, -0.0196, 0.0653],
    [0.0568, 0.1687, -0.0755],
    [-0.3112, -0.2359, -0.2076],
  ],
  bias: NO_BIAS,
}

/** A1111's "Approx cheap" of a family. */
export function cheapColoursOf(family: ModelFamily): LatentColours {
  return family === 'sd1' || family === 'sd2' ? APPROX_CHEAP : APPROX_CHEAP_SDXL
}

/** ComfyUI's latent2rgb of a family; Playground 2.5 is known by the channels of its latents. */
export function comfyColoursOf(family: ModelFamily, { channels }: LatentFormat): LatentColours {
  if (family === 'sd1' || family === 'sd2') return LATENT_TO_RGB
  return channels === undefined ? LATENT_TO_RGB_SDXL : LATENT_TO_RGB_PLAYGROUND
}

/** Latents [batch, 4, h, w] as pictures of one pixel a cell, [batch, 3, h, w], about -1 to 1. */
export function colourLatent({ shape, data }: Tensor, { factors, bias }: LatentColours): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const plane = height * width
  const output = createTensor([batch, 3, height, width])
  for (let row = 0; row < batch; row += 1) {
    for (let i = 0; i < plane; i += 1) {
      for (let c = 0; c < 3; c += 1) {
        let sum = bias[c]!
        for (let channel = 0; channel < channels; channel += 1)
          sum += factors[channel]![c]! * data[(row * channels + channel) * plane + i]!
        output.data[(row * 3 + c) * plane + i] = sum
      }
    }
  }
  return output
}
