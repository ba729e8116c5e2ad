import { AsidePicture, ImageFormat, type OutputSettings } from '@atelier/proto'
import { httpException } from '../errors.ts'
import { optionFlag, optionNumber, optionText, type Options } from '../options/options-store.ts'

const FORMATS: ReadonlyMap<string, ImageFormat> = new Map([
  ['png', ImageFormat.IMAGE_FORMAT_PNG],
  ['jpg', ImageFormat.IMAGE_FORMAT_JPEG],
  ['jpeg', ImageFormat.IMAGE_FORMAT_JPEG],
  ['webp', ImageFormat.IMAGE_FORMAT_WEBP],
])

/** A format by A1111's name of it, in any case; undefined for one that cannot be written. */
export function findFormat(name: string): ImageFormat | undefined {
  return FORMATS.get(name.toLowerCase())
}

/**
 * How finished pictures are encoded, by the options in force then, and whether they carry metadata, by the job's.
 * @throws ApiError for an image format that cannot be written
 */
export function toOutput(options: Options, encoding: Options): OutputSettings {
  const format = findFormat(optionText(encoding, 'samples_format'))
  if (format === undefined) throw httpException(500, 'Invalid image format')
  return {
    format,
    quality: toQuality(encoding),
    omitMetadata: !optionFlag(options, 'enable_pnginfo'),
    save: false,
    lossless: false,
    asides: [],
  }
}

/** Quality of JPEG and WebP files. */
export function toQuality(options: Options): number {
  return Math.min(Math.max(optionNumber(options, 'jpeg_quality', 80), 1), 100)
}

/** Options that save pictures of the way to a finished one. */
const ASIDES: ReadonlyMap<string, AsidePicture> = new Map([
  ['save_images_before_highres_fix', AsidePicture.ASIDE_PICTURE_BEFORE_SECOND_PASS],
  ['save_images_before_color_correction', AsidePicture.ASIDE_PICTURE_BEFORE_COLOR_CORRECTION],
  ['save_mask', AsidePicture.ASIDE_PICTURE_MASK],
  ['save_mask_composite', AsidePicture.ASIDE_PICTURE_MASK_COMPOSITE],
])

/** The pictures that are made for saving alone: none where pictures are not saved. */
export function listAsides(options: Options, savesImages: boolean): AsidePicture[] {
  if (!savesImages || !optionFlag(options, 'samples_save')) return []
  return [...ASIDES].filter(([name]) => optionFlag(options, name)).map(([, aside]) => aside)
}
