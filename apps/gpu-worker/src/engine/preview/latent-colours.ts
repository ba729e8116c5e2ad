import type { Pixels } from '../image/pixels.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A linear map from four latent channels to red, green and blue. */
export type LatentColours = readonly (readonly [number, number, number])[]

/** A1111's "Approx cheap" for SD 1.x and 2.x, to -1…1. */
export const APPROX_CHEAP: LatentColours = [
  [0.298, 0.207, 0.208],
  [0.187, 0.286, 0.173],
  [-0.158, 0.189, 0.264],
  [-0.184, -0.271, -0.473],
]

/** ComfyUI's latent2rgb for SD 1.x and 2.x, to -1…1. */
export const LATENT_TO_RGB: LatentColours = [
  [0.3512, 0.2297, 0.3227],
  [0.325, 0.4974, 0.235],
  [-0.2829, 0.1762, 0.2721],
  [-0.212, -0.2616, -0.7177],
]

/** The first latent of a batch [batch, 4, height, width] as a small picture, one pixel a latent pixel. */
export function toPreviewPixels({ shape, data }: Tensor, colours: LatentColours): Pixels {
  const [height, width] = shape.slice(-2) as [number, number]
  const plane = height * width
  const output = new Uint8Array(3 * plane)
  for (let i = 0; i < plane; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      const sum = colours.reduce(
        (total, factors, channel) => total + factors[c]! * data[channel * plane + i]!,
        0,
      )
      output[3 * i + c] = Math.trunc(Math.min(Math.max((sum + 1) / 2, 0), 1) * 255)
    }
  }
  return { width, height, channels: 3, data: output }
}
