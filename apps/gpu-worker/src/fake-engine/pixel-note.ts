import type { Pixels } from '../engine/image/pixels.ts'

/** Bytes before the text: its length, big-endian. */
const LENGTH_BYTES = 2

/**
 * The same picture with a text in its first pixels (two bytes of length, then UTF-8, over all colour samples in
 * order): a lossless copy of the picture says which job made it.
 * @throws Error when the picture is too small for the text
 */
export function writePixelNote(pixels: Pixels, text: string): Pixels {
  const bytes = new TextEncoder().encode(text)
  const places = listPlaces(pixels)
  if (places.length < LENGTH_BYTES + bytes.length)
    throw new Error(`a picture of ${pixels.width}x${pixels.height} cannot hold ${bytes.length} bytes`)
  const data = Uint8Array.from(pixels.data)
  const noted = [bytes.length >> 8, bytes.length & 0xff, ...bytes]
  noted.forEach((byte, i) => (data[places[i]!] = byte))
  return { ...pixels, data }
}

/** The text that `writePixelNote` left; undefined where there is none. */
export function readPixelNote(pixels: Pixels): string | undefined {
  const places = listPlaces(pixels)
  const length = ((pixels.data[places[0]!] ?? 0) << 8) | (pixels.data[places[1]!] ?? 0)
  if (length === 0 || places.length < LENGTH_BYTES + length) return undefined
  const bytes = places.slice(LENGTH_BYTES, LENGTH_BYTES + length).map((place) => pixels.data[place]!)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes))
  } catch {
    return undefined
  }
}

/** Indexes of the colour samples; transparency is left alone, for encoders may drop what lies under it. */
function listPlaces({ channels, data }: Pixels): number[] {
  return Array.from(data.keys()).filter((index) => index % channels < 3)
}
