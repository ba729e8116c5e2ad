import { ResizeMode, type SoftInpainting } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import { fitImage } from '../source-image/fit-image.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { keepUnmasked, unmultiply, dropAlpha } from './alpha.ts'
import { uncrop } from './apply-overlay.ts'
import type { Box } from './crop-region.ts'
import { blurGaussian } from './gaussian-blur.ts'
import { takeRed, toColours, type Grey } from './grey.ts'
import { filterByPercentiles, type NumberField } from './histogram-filter.ts'

/** Radius of the blur that takes the latent's steps out of a mask, pixels. */
const SMOOTHING = 4
/** Keeps a share of one from dividing by nothing (A1111). */
const ABOVE_ONE = 1.00001

/** What a picture was made of, one image each: [1, channels, h, w]. */
export interface SoftLatents {
  readonly source: Tensor
  readonly drawn: Tensor
  /** [1, 1, h, w], 1 = repaint. */
  readonly mask: Tensor
}

/** Where the picture of the latents lies, and how large it is, pixels. */
export interface SoftPlace {
  readonly width: number
  readonly height: number
  /** Its place in the source; absent: it is the whole. */
  readonly pasteTo: Box | undefined
}

/** What is laid back over a softly inpainted picture, and the mask it follows from, both of the source's size. */
export interface SoftOverlay {
  readonly overlay: Pixels
  readonly mask: Grey
}

/**
 * What of a source is laid back over a softly inpainted picture: the source where the latent changed little, faded out
 * where it changed more (A1111).
 */
export function makeSoftOverlay(
  source: Pixels,
  latents: SoftLatents,
  place: SoftPlace,
  settings: SoftInpainting,
): SoftOverlay {
  const changed = measureChange(latents, settings)
  const { width, height } = place
  const sized = fitImage(toColours(changed), width, height, ResizeMode.RESIZE_MODE_FILL)
  const smooth = blurGaussian(sized, SMOOTHING)
  const whole = place.pasteTo === undefined ? smooth : dropAlpha(uncrop(smooth, source, place.pasteTo))
  const mask = takeRed(whole)
  return { mask, overlay: unmultiply(keepUnmasked(source, mask)) }
}

/** How much each latent pixel changed, 255: all of it. */
function measureChange({ source, drawn, mask }: SoftLatents, settings: SoftInpainting): Grey {
  const [, channels, height, width] = drawn.shape as [number, number, number, number]
  const plane = height * width
  const distance: NumberField = { width, height, data: new Float64Array(plane) }
  for (let i = 0; i < plane; i += 1) {
    let square = 0
    for (let c = 0; c < channels; c += 1)
      square += (drawn.data[c * plane + i]! - source.data[c * plane + i]!) ** 2
    distance.data[i] = Math.sqrt(square)
  }
  const highest = filterByPercentiles(distance, { from: 0.9, to: 1 })
  const { data } = filterByPercentiles(highest, { from: 0.25, to: 0.75 })
  return {
    width,
    height,
    data: Uint8Array.from(data, (value, i) => toOpacity(value, mask.data[i]!, settings)),
  }
}

function toOpacity(distance: number, masked: number, settings: SoftInpainting): number {
  const { preservationStrength, maskInfluence, differenceThreshold, differenceContrast } = settings
  const byMask = 1 - Math.min(Math.max(masked, 0), 1) ** (preservationStrength / 2)
  const share = 0.5 * (1 - maskInfluence) + byMask * maskInfluence
  const half = differenceThreshold * (share / (ABOVE_ONE - share))
  const opacity = 255 * (1 - smoothen(1 / (1 + (distance / half) ** differenceContrast)))
  return Number.isNaN(opacity) ? 0 : Math.trunc(opacity)
}

/** Perlin's smoother step, 0 to 1. */
function smoothen(x: number): number {
  return x * x * x * (x * (6 * x - 15) + 10)
}
