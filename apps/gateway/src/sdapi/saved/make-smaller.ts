import { ImageFormat } from '@atelier/proto'
import sharp from 'sharp'
import { encodePicture } from '../../images/encode-picture.ts'
import { readPixels } from '../../images/pixels.ts'
import { toQuality } from '../generation/to-output.ts'
import { optionFlag, optionNumber, type Options } from '../options/options-store.ts'

const BYTES_PER_MEGABYTE = 1024 * 1024

/**
 * The JPEG that is kept beside a saved picture whose file or side is above the options' limits (`export_for_4chan`), no
 * side longer than they say; undefined where there is none.
 */
export async function makeSmaller(
  bytes: Uint8Array,
  infotext: string | undefined,
  options: Options,
): Promise<Uint8Array | undefined> {
  if (!optionFlag(options, 'export_for_4chan')) return undefined
  const { width, height } = await sharp(bytes).metadata()
  const side = optionNumber(options, 'target_side_length', 4000)
  const isTooLong = Math.max(width, height) > side
  const isTooHeavy = bytes.length > optionNumber(options, 'img_downscale_threshold', 4) * BYTES_PER_MEGABYTE
  if (!isTooLong && !isTooHeavy) return undefined
  const factor = side / Math.max(width, height)
  const toSide = (length: number) => Math.max(Math.round(length * factor), 1)
  const smaller = isTooLong
    ? await readPixels(
        sharp(bytes)
          .removeAlpha()
          .resize({ width: toSide(width), height: toSide(height), fit: 'fill', kernel: 'lanczos3' }),
      )
    : bytes
  return encodePicture(smaller, {
    format: ImageFormat.IMAGE_FORMAT_JPEG,
    quality: toQuality(options),
    infotext: optionFlag(options, 'enable_pnginfo') ? infotext : undefined,
  })
}
