import { deflateSync } from 'node:zlib'
import { createPngChunk, createPngTextChunk, PNG_SIGNATURE } from '@atelier/catalog/png'
import { getZlibHeader, type PngAdditions } from './complete-png.ts'
import type { Pixels } from './pixels.ts'

/**
 * Pictures up to this size are written here: libvips takes more than a millisecond of processor time to set up its
 * pipeline, whatever the size; above, its threads are worth that. Pixels.
 */
export const SMALL_PIXELS = 96 * 96

const BITS = 8
/** PNG's numbers of the two kinds of pixels. */
const COLOUR_TYPES = { 3: 2, 4: 6 } as const
const PAETH = 4

/** Encodes a small picture as a PNG file with its texts: one data chunk. */
export function encodeSmallPng(pixels: Pixels, { texts, compression }: PngAdditions): Uint8Array {
  const { width, height, channels } = pixels
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([BITS, COLOUR_TYPES[channels]], 8)
  const stream = deflateSync(filterRows(pixels), { level: compression })
  getZlibHeader(compression).copy(stream, 0)
  return new Uint8Array(
    Buffer.concat([
      ...[PNG_SIGNATURE, createPngChunk('IHDR', header)],
      ...texts.map(createPngTextChunk),
      ...[createPngChunk('IDAT', stream), createPngChunk('IEND', Buffer.alloc(0))],
    ]),
  )
}

/**
 * Rows as PNG stores them: the filter's number, then what it leaves (PNG specification, 9.2 and 9.4). Always Paeth's: to
 * try every filter on each row costs more time here than it saves bytes. Plain numbers, for it is hot.
 */
function filterRows({ width, height, channels, data }: Pixels): Uint8Array {
  const length = width * channels
  const filtered = new Uint8Array(height * (length + 1))
  for (let y = 0, from = 0, to = 0; y < height; y += 1) {
    filtered[to++] = PAETH
    for (let x = 0; x < length; x += 1, from += 1) {
      const left = x < channels ? 0 : data[from - channels]!
      const above = y === 0 ? 0 : data[from - length]!
      const corner = x < channels || y === 0 ? 0 : data[from - length - channels]!
      const byLeft = Math.abs(above - corner)
      const byAbove = Math.abs(left - corner)
      const byCorner = Math.abs(left + above - 2 * corner)
      const isLeft = byLeft <= byAbove && byLeft <= byCorner
      filtered[to++] = data[from]! - (isLeft ? left : byAbove <= byCorner ? above : corner)
    }
  }
  return filtered
}
