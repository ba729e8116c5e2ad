import { resizeTensor } from '../resample/resize-tensor.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { combine, scale } from './combine.ts'
import type { Denoised, Denoiser } from './sampler.ts'

/** What is left alone during a run, and what stands there. */
export interface KeptLatent {
  /** 1 where the run may draw, 0 where the source stays, fractions between; of the latent's shape. */
  readonly mask: Tensor
  /** The mask at a sigma, where it changes with it. */
  readonly maskAt?: ((sigma: number) => Tensor) | undefined
  /** The clean source latent, scaled for sampling. */
  readonly source: Tensor
  /** The source with noise of a sigma, which stands in the input of an evaluation. */
  readonly noisedAt: (sigma: number) => Tensor
  /** The sampler goes by the noise prediction, which is the blended latent's own (A1111's timestep samplers). */
  readonly keepsNoise?: boolean
}

/** A denoiser that sees the noised source outside the mask, and whose clean latent is the source there. */
export function createKeepingDenoiser(denoise: Denoiser, kept: KeptLatent): Denoiser {
  return async (latent, sigma): Promise<Denoised> => {
    const mask = kept.maskAt?.(sigma) ?? kept.mask
    const seen = blend(latent, kept.noisedAt(sigma), mask)
    const denoised = await denoise(seen, sigma)
    const clean = blend(denoised.latent, kept.source, mask)
    if (kept.keepsNoise !== true) return { ...denoised, latent: clean }
    return { ...denoised, latent: combine([1, clean], [1, latent], [-1, seen]) }
  }
}

/** What A1111 leaves alone during a run. */
export interface WebuiKeptLatent {
  /** 1 where the run may draw, of the latent's shape. */
  readonly mask: Tensor
  /** The clean source latent. */
  readonly source: Tensor
  /** The clean source is put into the input instead of the prediction (A1111's timestep samplers). */
  readonly blendsInput: boolean
  /** Blends at a sigma otherwise than by the mask alone; absent: by the mask alone. */
  readonly blendAt?: ((drawn: Tensor, kept: Tensor, sigma: number) => Tensor) | undefined
}

/**
 * A denoiser whose clean latent is the source outside the mask, as A1111's. Its timestep samplers instead show the
 * network the clean source there, in latents of unit variance, and take its noise prediction for their own latent's.
 */
export function createWebuiKeepingDenoiser(denoise: Denoiser, kept: WebuiKeptLatent): Denoiser {
  const { mask, source, blendsInput } = kept
  const blendAt = kept.blendAt ?? ((drawn, own) => blend(drawn, own, mask))
  return async (latent, sigma): Promise<Denoised> => {
    if (!blendsInput) {
      const denoised = await denoise(latent, sigma)
      return { ...denoised, latent: blendAt(denoised.latent, source, sigma) }
    }
    const seen = blendAt(latent, scale(Math.sqrt(1 + sigma ** 2), source), sigma)
    const denoised = await denoise(seen, sigma)
    const carry = (clean: Tensor) => combine([1, clean], [1, latent], [-1, seen])
    return { latent: carry(denoised.latent), unconditional: carry(denoised.unconditional) }
  }
}

/** `drawn` where the mask is 1, `kept` where it is 0; all of one shape. */
export function blend({ shape, data }: Tensor, { data: kept }: Tensor, { data: mask }: Tensor): Tensor {
  const blended = new Float32Array(data.length)
  for (let i = 0; i < blended.length; i += 1) blended[i] = data[i]! * mask[i]! + kept[i]! * (1 - mask[i]!)
  return createTensor(shape, blended)
}

/** A mask [n, H, W] or [n, 1, H, W] of any size brought to a latent's shape as ComfyUI does; values stay fractional. */
export function fitMask(mask: Tensor, shape: readonly number[]): Tensor {
  const [height, width] = mask.shape.slice(-2) as [number, number]
  const count = mask.data.length / (height * width)
  const planes = createTensor([count, 1, height, width], mask.data)
  return spreadMask(resizeTensor(planes, shape[3]!, shape[2]!, 'bilinear'), shape)
}

/** A mask [n, 1, h, w] of latent size repeated over the channels and, cyclically, the images of a latent's shape. */
export function spreadMask(mask: Tensor, shape: readonly number[]): Tensor {
  const [images, channels, height, width] = shape as [number, number, number, number]
  const [masks, maskChannels, maskHeight, maskWidth] = mask.shape as [number, number, number, number]
  if (maskHeight !== height || maskWidth !== width)
    throw new RangeError(`a mask of ${maskWidth}x${maskHeight} does not fit a latent of ${width}x${height}`)
  const spread = createTensor(shape)
  const size = height * width
  for (let image = 0; image < images; image += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const from = ((image % masks) * maskChannels + (channel % maskChannels)) * size
      spread.data.set(mask.data.subarray(from, from + size), (image * channels + channel) * size)
    }
  }
  return spread
}
