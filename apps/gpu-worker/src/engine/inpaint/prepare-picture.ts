import { MaskedContent, ResizeMode } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import { fitImage, fitImageWith, type EnlargePicture } from '../source-image/fit-image.ts'
import { keepUnmasked, unmultiply } from './alpha.ts'
import { cropPixels } from './crop-region.ts'
import { fillMasked } from './fill-masked.ts'
import type { Grey } from './grey.ts'
import { fitGrey, type PreparedMask, type SourceFit } from './prepare-mask.ts'

/** A source ready to be encoded. */
export interface PreparedPicture {
  readonly picture: Pixels
  /** What is laid over the result: the source where nothing is repainted. Absent without a mask. */
  readonly overlay?: Pixels
  /** The mask in the overlay's size. */
  readonly mask?: Grey
  /** The source in the overlay's size. */
  readonly whole?: Pixels
}

/** What beside the mask and the size says how a source is prepared. */
export interface PictureOptions {
  readonly content: MaskedContent
  /** Enlarges pictures; absent: Lanczos. */
  readonly enlarge?: EnlargePicture | undefined
}

/** Brings an opaque source to the size that is sampled, the masked part cut out and filled as asked. */
export async function preparePicture(
  source: Pixels,
  mask: PreparedMask | undefined,
  fit: SourceFit,
  { content, enlarge }: PictureOptions,
): Promise<PreparedPicture> {
  const resize = (picture: Pixels, mode: ResizeMode): Promise<Pixels> =>
    enlarge === undefined
      ? Promise.resolve(fitImage(picture, fit.width, fit.height, mode))
      : fitImageWith(enlarge, picture, { ...fit, mode })
  const isWhole = mask?.box === undefined
  const keepsSize = !isWhole || fit.resizeMode === ResizeMode.RESIZE_MODE_LATENT
  const sized = keepsSize ? source : await resize(source, fit.resizeMode)
  if (mask === undefined) return { picture: sized }
  const { width, height } = sized
  const isSame = mask.forOverlay.width === width && mask.forOverlay.height === height
  const forOverlay = isSame
    ? mask.forOverlay
    : fitGrey(mask.forOverlay, { width, height, resizeMode: fit.resizeMode })
  const overlay = unmultiply(keepUnmasked(sized, forOverlay))
  const cut = isWhole ? sized : await resize(cropPixels(sized, mask.box), ResizeMode.RESIZE_MODE_FILL)
  const isKept = content === MaskedContent.MASKED_CONTENT_ORIGINAL
  return {
    overlay,
    mask: forOverlay,
    whole: sized,
    picture: isKept ? cut : fillMasked(cut, mask.latent ?? mask.mask),
  }
}
