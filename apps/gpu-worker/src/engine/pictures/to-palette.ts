/** Maps the colour of a pixel to the index of a palette's colour. */
export type PaletteIndex = (red: number, green: number, blue: number) => number

/** Bits of a channel that decide which colour is nearest. */
const KEPT_BITS = 0b1111_1100

/**
 * A palette's colour for any other, as Pillow finds it: the one nearest to the colour with the two lowest bits of each channel
 * left out, so that even a palette's own colour may give another; the first of several.
 * @param palette red, green and blue bytes
 */
function createPaletteIndex(palette: Uint8Array): PaletteIndex {
  const nearest = new Map<number, number>()
  return (red, green, blue) => {
    const [r, g, b] = [red & KEPT_BITS, green & KEPT_BITS, blue & KEPT_BITS]
    const key = pack(r, g, b)
    let index = nearest.get(key)
    if (index === undefined) {
      index = findNearest(palette, [r, g, b])
      nearest.set(key, index)
    }
    return index
  }
}

function pack(red: number, green: number, blue: number): number {
  return (red << 16) | (green << 8) | blue
}

function findNearest(palette: Uint8Array, [red, green, blue]: readonly [number, number, number]): number {
  let [best, index] = [Infinity, 0]
  for (let at = 0; at < palette.length; at += 3) {
    const distance =
      (palette[at]! - red) ** 2 + (palette[at + 1]! - green) ** 2 + (palette[at + 2]! - blue) ** 2
    if (distance < best) [best, index] = [distance, at / 3]
  }
  return index
}

/** Every pixel's colour replaced by a palette's, red, green and blue bytes. */
export function paintWithPalette(pixels: Uint8Array, palette: Uint8Array): Uint8Array {
  const indexOf = createPaletteIndex(palette)
  const painted = new Uint8Array(pixels.length)
  for (let at = 0; at < pixels.length; at += 3) {
    const index = indexOf(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!)
    painted.set(palette.subarray(3 * index, 3 * index + 3), at)
  }
  return painted
}

/** The same with each pixel's error spread to the right and below (Floyd & Steinberg 1976), in sixteenths. */
export function ditherWithPalette(pixels: Uint8Array, width: number, palette: Uint8Array): Uint8Array {
  const indexOf = createPaletteIndex(palette)
  const painted = new Uint8Array(pixels.length)
  /** Errors for the row below, three a pixel; the row's first three are never used. */
  const below = new Int32Array(3 * (width + 1))
  for (let start = 0; start < pixels.length; start += 3 * width) {
    /** What goes to the pixel at the right; and what of the row below is not yet complete. */
    const [right, near, far] = [new Int32Array(3), new Int32Array(3), new Int32Array(3)]
    for (let x = 0; x < width; x += 1) {
      const at = start + 3 * x
      const wanted = [0, 1, 2].map((c) =>
        clip(pixels[at + c]! + Math.trunc((right[c]! + below[3 * (x + 1) + c]!) / 16)),
      ) as [number, number, number]
      const index = indexOf(...wanted)
      for (let c = 0; c < 3; c += 1) {
        painted[at + c] = palette[3 * index + c]!
        const error = wanted[c]! - painted[at + c]!
        below[3 * x + c] = 3 * error + near[c]!
        near[c] = 5 * error + far[c]!
        far[c] = error
        right[c] = 7 * error
      }
    }
    // Pillow's own last column: the blue channel's rest stands for all three.
    below.set([near[2]!, far[2]!, far[2]!], 3 * width)
  }
  return painted
}

function clip(value: number): number {
  return Math.min(Math.max(value, 0), 255)
}
