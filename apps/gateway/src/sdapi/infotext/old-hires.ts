/** A size in pixels. */
export interface PixelSize {
  readonly width: number
  readonly height: number
}

const desiredPixels = 512 * 512
const granularity = 64

/** The first pass that early versions chose for a final size: about 512 × 512 pixels in multiples of 64. */
export function toOldFirstPassSize({ width, height }: PixelSize): PixelSize {
  const scale = Math.sqrt(desiredPixels / (width * height))
  const round = (side: number) => Math.ceil((scale * side) / granularity) * granularity
  return { width: round(width), height: round(height) }
}
