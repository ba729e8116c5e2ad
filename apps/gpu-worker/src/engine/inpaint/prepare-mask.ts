import { ResizeMode, type InpaintMask } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import { fitImage } from '../source-image/fit-image.ts'
import { blurMask } from './blur-mask.ts'
import { cropPixels, expandBox, findMaskedBox, type Box } from './crop-region.ts'
import { invertGrey, takeRed, toColours, type Grey } from './grey.ts'
import { readMask } from './read-mask.ts'

/** How sources are brought to the size of a job. */
export interface SourceFit {
  readonly width: number
  readonly height: number
  readonly resizeMode: ResizeMode
}

/** A mask that is to be used, brought to the size that is sampled. */
export interface PreparedMask {
  /** Of the sampled size. */
  readonly mask: Grey
  /** What is laid back over the result is the source where this is black; before it is brought to the source's size. */
  readonly forOverlay: Grey
  /** The part of the source that is sampled alone; absent: all of it. */
  readonly box?: Box
  /** What is drawn anew in the latent, where that is not the mask. */
  readonly latent?: Grey
}

/**
 * Prepares a mask as A1111 does: alpha or luminance, inverted, blurred, then cut to the masked area or fitted.
 * Undefined where only the masked area is asked for and nothing is masked.
 */
export function prepareMask(
  picture: Pixels,
  settings: InpaintMask,
  fit: SourceFit,
): PreparedMask | undefined {
  const read = readMask(picture, settings.round)
  const mask = blurMask(settings.invert ? invertGrey(read) : read, settings.blurX, settings.blurY)
  if (!settings.onlyMasked) {
    const fitted = fitGrey(mask, fit)
    const forOverlay = { ...fitted, data: fitted.data.map((value) => Math.min(value * 2, 255)) }
    return { mask: fitted, forOverlay }
  }
  const found = findMaskedBox(mask, settings.padding)
  if (found === undefined) return undefined
  const box = expandBox(found, fit, mask)
  const cut = cropPixels(toColours(mask), box)
  const fitted = takeRed(fitImage(cut, fit.width, fit.height, ResizeMode.RESIZE_MODE_FILL))
  return { mask: fitted, forOverlay: mask, box }
}

/** A mask brought to a size as its source is; where the latent is resized, bands are filled. */
export function fitGrey(mask: Grey, { width, height, resizeMode }: SourceFit): Grey {
  return takeRed(fitImage(toColours(mask), width, height, resizeMode))
}
