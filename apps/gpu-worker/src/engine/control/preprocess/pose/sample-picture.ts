import type { Pixels } from '../../../image/pixels.ts'

/** A picture as [height x width x 3] samples, 0 to 255. */
export interface Samples {
  readonly width: number
  readonly height: number
  readonly data: Float32Array
}

/** What lies beyond the edges of a picture: its edge, or black. */
type Beyond = 'edge' | 'black'

/**
 * Samples a picture linearly over a grid: output column x looks at `offset + step * x` of the source, rows likewise. Whole
 * numbers, as OpenCV's bytes are.
 */
export function samplePicture(
  picture: Pixels,
  { width, height }: { readonly width: number; readonly height: number },
  {
    step,
    offset,
    beyond,
  }: {
    readonly step: readonly [across: number, down: number]
    readonly offset: readonly [across: number, down: number]
    readonly beyond: Beyond
  },
): Samples {
  const data = new Float32Array(3 * width * height)
  const read = (x: number, y: number, c: number): number => {
    const isInside = x >= 0 && y >= 0 && x < picture.width && y < picture.height
    if (!isInside && beyond === 'black') return 0
    const [column, row] = [clamp(x, picture.width - 1), clamp(y, picture.height - 1)]
    return picture.data[(row * picture.width + column) * picture.channels + c]!
  }
  for (let y = 0; y < height; y += 1) {
    const down = offset[1] + step[1] * y
    const [top, low] = [Math.floor(down), down - Math.floor(down)]
    for (let x = 0; x < width; x += 1) {
      const across = offset[0] + step[0] * x
      const [left, right] = [Math.floor(across), across - Math.floor(across)]
      for (let c = 0; c < 3; c += 1) {
        const above = read(left, top, c) * (1 - right) + read(left + 1, top, c) * right
        const below = read(left, top + 1, c) * (1 - right) + read(left + 1, top + 1, c) * right
        data[3 * (y * width + x) + c] = Math.round(above * (1 - low) + below * low)
      }
    }
  }
  return { width, height, data }
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most)
}
