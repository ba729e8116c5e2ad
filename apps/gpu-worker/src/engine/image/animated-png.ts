import { createPngChunk, PNG_SIGNATURE, readPngChunks, type PngText } from '@atelier/catalog/png'
import { ImageFormat } from '@atelier/proto'
import { encodeImage } from './encode-image.ts'
import type { Pixels } from './pixels.ts'
import { mergeEqualFrames } from './merge-frames.ts'

/** How an animation is written as PNG. */
export interface AnimatedPngEncoding {
  readonly frameMs: number
  readonly compression: number
  /** Texts in ComfyUI's private chunks, after the pictures. */
  readonly texts: readonly PngText[]
}

/**
 * Writes frames of one size as an animated PNG (the APNG extension of the PNG specification, third edition). Frames equal
 * to the one before them only lengthen it; a single frame is a plain picture.
 */
export async function encodeAnimatedPng(
  frames: readonly Pixels[],
  { frameMs, compression, texts }: AnimatedPngEncoding,
): Promise<Uint8Array> {
  const merged = mergeEqualFrames(frames, frameMs)
  const files = await Promise.all(
    merged.map(({ pixels }) =>
      encodeImage(pixels, { format: ImageFormat.IMAGE_FORMAT_PNG, compression, texts: [] }),
    ),
  )
  const chunks = files.map(({ bytes }) => [...readPngChunks(bytes)])
  const numbers = new Counter()
  const body = chunks.flatMap((own, index) => {
    const data = own.filter(({ type }) => type === 'IDAT').map(({ content }) => content)
    if (chunks.length === 1) return data.map(toData)
    const { pixels, durationMs } = merged[index]!
    const control = frameControl(pixels, durationMs, numbers.next())
    return [
      control,
      ...data.map((content) => (index === 0 ? toData(content) : toFrameData(content, numbers.next()))),
    ]
  })
  const header = chunks[0]!.find(({ type }) => type === 'IHDR')!.bytes
  const animation = chunks.length === 1 ? [] : [animationControl(chunks.length)]
  return new Uint8Array(
    Buffer.concat([PNG_SIGNATURE, header, ...animation, ...body, ...texts.map(privateChunk), END]),
  )
}

const END = createPngChunk('IEND', Buffer.alloc(0))

/** Sequence numbers of the chunks of all frames. */
class Counter {
  #next = 0

  next(): number {
    return this.#next++
  }
}

function animationControl(frames: number): Buffer {
  const content = Buffer.alloc(8)
  content.writeUInt32BE(frames, 0)
  // Played without end.
  content.writeUInt32BE(0, 4)
  return createPngChunk('acTL', content)
}

/** A frame that covers the picture, in thousandths of a second; it replaces the one before. */
function frameControl({ width, height }: Pixels, durationMs: number, sequence: number): Buffer {
  const content = Buffer.alloc(26)
  content.writeUInt32BE(sequence, 0)
  content.writeUInt32BE(width, 4)
  content.writeUInt32BE(height, 8)
  content.writeUInt16BE(Math.min(durationMs, 65_535), 20)
  content.writeUInt16BE(1000, 22)
  return createPngChunk('fcTL', content)
}

function toData(content: Buffer): Buffer {
  return createPngChunk('IDAT', content)
}

/** A picture's data as a later frame's. */
function toFrameData(content: Buffer, sequence: number): Buffer {
  const number = Buffer.alloc(4)
  number.writeUInt32BE(sequence, 0)
  return createPngChunk('fdAT', Buffer.concat([number, content]))
}

function privateChunk({ keyword, text }: PngText): Buffer {
  return createPngChunk('comf', Buffer.from(`${keyword}\0${text}`, 'latin1'))
}
