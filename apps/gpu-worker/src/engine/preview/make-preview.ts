import sharp from 'sharp'
import { ImageFormat, PreviewMethod, PreviewReady, type PreviewSettings } from '@atelier/proto'
import { encodeImage } from '../image/encode-image.ts'
import type { Pixels } from '../image/pixels.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { APPROX_CHEAP, LATENT_TO_RGB, toPreviewPixels } from './latent-colours.ts'

/** Quality of JPEG previews, ComfyUI's. */
const JPEG_QUALITY = 95

/** Whether a preview is wanted at a step. */
export function wantsPreview(
  settings: PreviewSettings | undefined,
  step: number,
): settings is PreviewSettings {
  return settings !== undefined && settings.everySteps > 0 && step % settings.everySteps === 0
}

/** Makes the preview of a denoised latent [batch, 4, h, w] in sampling scale. */
export async function makePreview(
  latent: Tensor,
  settings: PreviewSettings,
  at: { step: number; nodeId: string },
): Promise<PreviewReady> {
  const colours =
    settings.method === PreviewMethod.PREVIEW_METHOD_LATENT_TO_RGB ? LATENT_TO_RGB : APPROX_CHEAP
  const pixels = await fitLongestSide(toPreviewPixels(latent, colours), settings.longestSide)
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
