import sharp from 'sharp'
import { ImageFormat, PreviewReady, type PreviewSettings } from '@atelier/proto'
import { toPixels } from '../decode/pixels.ts'
import { encodeImage } from '../image/encode-image.ts'
import type { Pixels } from '../image/pixels.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Quality of JPEG previews, ComfyUI's. */
const JPEG_QUALITY = 95

/** Whether a preview is wanted at a step. */
export function wantsPreview(
  settings: PreviewSettings | undefined,
  step: number,
): settings is PreviewSettings {
  return settings !== undefined && settings.everySteps > 0 && step % settings.everySteps === 0
}

/** Encodes a preview [1, 3, height, width], -1 to 1, in the size and format that are wanted. */
export async function encodePreview(
  picture: Tensor,
  settings: PreviewSettings,
  at: { step: number; nodeId: string },
): Promise<PreviewReady> {
  const pixels = await fitLongestSide(toPixels(picture), settings.longestSide)
  const format =
    settings.format === ImageFormat.IMAGE_FORMAT_UNSPECIFIED ? ImageFormat.IMAGE_FORMAT_JPEG : settings.format
  const { bytes } = await encodeImage(pixels, { format, quality: JPEG_QUALITY })
  return PreviewReady.fromPartial({ format, data: bytes, width: pixels.width, height: pixels.height, ...at })
}

async function fitLongestSide(pixels: Pixels, longestSide: number): Promise<Pixels> {
  if (longestSide === 0) return pixels
  const factor = longestSide / Math.max(pixels.width, pixels.height)
  const width = Math.max(1, Math.round(pixels.width * factor))
  const height = Math.max(1, Math.round(pixels.height * factor))
  const raw = { width: pixels.width, height: pixels.height, channels: pixels.channels }
  const data = await sharp(pixels.data, { raw })
    .resize(width, height, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer()
  return { width, height, channels: 3, data: new Uint8Array(data) }
}
