import { roundHalfEven } from '../resample/common-upscale.ts'
import { resizePixels } from '../source-image/pillow-resize.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { toColours, type Grey } from './grey.ts'

/** A mask brought to a latent's size, [1, 1, height, width], 1 = repaint; rounded to 0 or 1 if asked. */
export function toLatentMask(mask: Grey, { width, height, rounds }: LatentMaskOptions): Tensor {
  const { data } = resizePixels(toColours(mask), width, height, 'bicubic')
  const output = createTensor([1, 1, height, width])
  for (let i = 0; i < output.data.length; i += 1) {
    const value = data[3 * i]! / 255
    output.data[i] = rounds ? roundHalfEven(value) : value
  }
  return output
}

/** Size of the latent, and whether the mask is to be all or nothing. */
export interface LatentMaskOptions {
  readonly width: number
  readonly height: number
  readonly rounds: boolean
}
