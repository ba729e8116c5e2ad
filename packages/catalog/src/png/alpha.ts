import { isPng, readPngChunks } from './chunks.ts'

/** Where a PNG file's header says how many bits a sample has and how colours are written (PNG specification, 11.2.2). */
const DEPTH_AT = 24
const COLOUR_TYPE_AT = 25
const PALETTE = 3
const GREY_WITH_ALPHA = 4
const COLOURS_WITH_ALPHA = 6
/** Alphas of a palette that leave out one colour and no more; Pillow takes it for that colour's number, not for an alpha. */
const ONE_LEFT_OUT = /^\u00ff*\0\u00ff*$/

/**
 * Whether A1111 sees the alpha of a PNG file: of colours with alpha, of 16-bit grey with alpha, and of palettes with more
 * than one colour left out. Of other grey pictures and of single transparent colours it does not. Undefined for other files.
 */
export function showsAlpha(bytes: Uint8Array): boolean | undefined {
  if (!isPng(bytes) || bytes.length <= COLOUR_TYPE_AT) return undefined
  const type = bytes[COLOUR_TYPE_AT]
  if (type === GREY_WITH_ALPHA) return bytes[DEPTH_AT] === 16
  if (type !== PALETTE) return type === COLOURS_WITH_ALPHA
  for (const { type: name, content } of readPngChunks(bytes))
    if (name === 'tRNS') return !ONE_LEFT_OUT.test(content.toString('latin1'))
  return false
}
