import type { Grey } from './grey.ts'

/** Fraction bits of the kernel's fixed-point weights, as OpenCV blurs 8-bit pictures. */
const FRACTION = 1 << 8

/** Blurs a mask by a Gaussian with sigmas across and down, pixels; the edge is mirrored. 0 leaves a direction alone. */
export function blurMask(mask: Grey, sigmaX: number, sigmaY: number): Grey {
  const across = sigmaX > 0 ? blurRows(mask, sigmaX) : mask
  return sigmaY > 0 ? transpose(blurRows(transpose(across), sigmaY)) : across
}

function blurRows({ width, height, data }: Grey, sigma: number): Grey {
  const weights = listWeights(sigma)
  const radius = (weights.length - 1) / 2
  const output = new Uint8Array(data.length)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let sum = FRACTION / 2
      for (let k = -radius; k <= radius; k += 1)
        sum += weights[k + radius]! * data[y * width + mirror(x + k, width)]!
      output[y * width + x] = Math.min(Math.floor(sum / FRACTION), 255)
    }
  }
  return { width, height, data: output }
}

/** A1111's kernel of 2⌊2.5 sigma + 0.5⌋ + 1 taps; what rounding takes from one weight goes to the next. */
function listWeights(sigma: number): number[] {
  const radius = Math.trunc(2.5 * sigma + 0.5)
  const exact = Array.from({ length: radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  )
  const total = 2 * exact.slice(0, radius).reduce((sum, value) => sum + value, 0) + 1
  let left = 0
  const side = exact.slice(0, radius).map((value) => {
    const wanted = (value / total) * FRACTION + left
    const rounded = Math.round(wanted)
    left = wanted - rounded
    return rounded
  })
  const middle = FRACTION - 2 * side.reduce((sum, value) => sum + value, 0)
  return [...side, middle, ...side.toReversed()]
}

/** Index beyond the edge counted back from it, the edge itself not repeated. */
function mirror(index: number, size: number): number {
  if (size === 1) return 0
  let at = index
  while (at < 0 || at >= size) at = at < 0 ? -at : 2 * (size - 1) - at
  return at
}

function transpose({ width, height, data }: Grey): Grey {
  const output = new Uint8Array(data.length)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) output[x * height + y] = data[y * width + x]!
  return { width: height, height: width, data: output }
}
