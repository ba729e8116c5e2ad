import { ImageFormat } from '@atelier/proto'
import { sliceRows } from '../denoise/combine.ts'
import { encodeImage, type EncodedImage } from '../image/encode-image.ts'
import type { Pixels } from '../image/pixels.ts'
import type { NodeContext } from '../node-graph/node-context.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A picture of a batch as an encoded PNG. */
export interface EncodedFrame extends EncodedImage {
  readonly width: number
  readonly height: number
}

/** Encodes [batch, height, width, 3 or 4], 0 to 1, as PNG files; the graph goes in where metadata is wanted. */
export async function encodeFrames(
  images: Tensor,
  context: NodeContext,
  { compression, hasMetadata }: { readonly compression: number; readonly hasMetadata: boolean },
): Promise<EncodedFrame[]> {
  const texts = hasMetadata ? context.fileTexts() : []
  const frames: EncodedFrame[] = []
  for (let i = 0; i < images.shape[0]!; i += 1) {
    const pixels = toBytes(sliceRows(images, i, i + 1))
    const encoded = await encodeImage(pixels, { format: ImageFormat.IMAGE_FORMAT_PNG, compression, texts })
    frames.push({ ...encoded, width: pixels.width, height: pixels.height })
  }
  return frames
}

/** The pictures of a batch as bytes. */
export function listPixels(images: Tensor): Pixels[] {
  return Array.from({ length: images.shape[0]! }, (_, i) => toBytes(sliceRows(images, i, i + 1)))
}

/** Values times 255, clipped and truncated. */
function toBytes({ shape, data }: Tensor): Pixels {
  const [, height, width, channels] = shape as [number, number, number, 3 | 4]
  // A loop: `Uint8Array.from` with a function takes ten times as long.
  const bytes = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i += 1) bytes[i] = Math.min(Math.max(Math.fround(data[i]! * 255), 0), 255)
  return { width, height, channels, data: bytes }
}
