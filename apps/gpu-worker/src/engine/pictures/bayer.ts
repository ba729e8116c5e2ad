/** Bayer's matrix of thresholds (1973), [side][side], side a power of two, values from -1/2 to 1/2. */
export function bayerMatrix(side: number): number[][] {
  if (side === 1) return [[0]]
  const half = bayerMatrix(side / 2)
  const area = side * side
  // Values of the quarter, scaled up, are spread by these around each place.
  const offsets = [
    [-1.5, 0.5],
    [1.5, -0.5],
  ]
  return Array.from({ length: side }, (_, y) =>
    Array.from({ length: side }, (__, x) => {
      const quarter = half[y % (side / 2)]![x % (side / 2)]!
      const offset = offsets[y < side / 2 ? 0 : 1]![x < side / 2 ? 0 : 1]!
      return (area * quarter + offset) / area
    }),
  )
}

/** Bytes moved by a matrix repeated over the picture, times a spread, and cut to whole numbers; three to a pixel. */
export function spreadByMatrix(
  pixels: Uint8Array,
  width: number,
  { matrix, spread }: { readonly matrix: readonly (readonly number[])[]; readonly spread: number },
): Uint8Array {
  const side = matrix.length
  return pixels.map((value, i) => {
    const pixel = Math.floor(i / 3)
    const threshold = matrix[Math.floor(pixel / width) % side]![(pixel % width) % side]!
    return Math.min(Math.max(Math.fround(value + Math.fround(spread * threshold + 0.5)), 0), 255)
  })
}
