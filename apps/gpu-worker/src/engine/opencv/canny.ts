import type { ByteRaster } from './raster.ts'

/** Tangent of 22.5 degrees in 15-bit fixed point. */
const TANGENT = 13573
const SHIFT = 15
/** What a pixel is while edges are followed. */
const STATE = { weak: 0, none: 1, edge: 2 } as const

/** Steepness of a picture: of each pixel's channels the one with the largest |dx| + |dy|. */
interface Slopes {
  readonly dx: Int16Array
  readonly dy: Int16Array
  readonly steepness: Int32Array
}

/**
 * Edges by Canny (1986) as OpenCV finds them: slopes by Sobel's kernels, |dx| + |dy|, ridges thinned, and weak ones kept
 * where they hang on strong ones. White on black, one channel.
 */
export function findEdges(source: ByteRaster, low: number, high: number): ByteRaster {
  const { width, height } = source
  const [weakest, strongest] = [Math.min(low, high), Math.max(low, high)]
  const slopes = findSlopes(source)
  const states = new Uint8Array(width * height).fill(STATE.none)
  const open: number[] = []
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x
      const steepness = slopes.steepness[at]!
      if (steepness <= weakest || !isRidge(slopes, { x, y, width, height })) continue
      states[at] = steepness > strongest ? STATE.edge : STATE.weak
      if (steepness > strongest) open.push(at)
    }
  }
  follow(states, open, { width, height })
  return { width, height, channels: 1, data: states.map((state) => (state === STATE.edge ? 255 : 0)) }
}

interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Whether a pixel is steeper than its neighbours across the edge; outside the picture there is no slope. */
function isRidge({ dx, dy, steepness }: Slopes, { x, y, width, height }: Place): boolean {
  const at = y * width + x
  const own = steepness[at]!
  const beside = (ox: number, oy: number): number => {
    const [nx, ny] = [x + ox, y + oy]
    return nx < 0 || ny < 0 || nx >= width || ny >= height ? 0 : steepness[ny * width + nx]!
  }
  const [slopeX, slopeY] = [dx[at]!, dy[at]!]
  const across = Math.abs(slopeX) * TANGENT
  const down = Math.abs(slopeY) * 2 ** SHIFT
  if (down < across) return own > beside(-1, 0) && own >= beside(1, 0)
  if (down > across + Math.abs(slopeX) * 2 ** (SHIFT + 1)) return own > beside(0, -1) && own >= beside(0, 1)
  const side = (slopeX ^ slopeY) < 0 ? -1 : 1
  return own > beside(-side, -1) && own > beside(side, 1)
}

/** Makes edges of the weak pixels that touch one, and of those that touch these. */
function follow(
  states: Uint8Array,
  open: number[],
  { width, height }: Pick<Place, 'width' | 'height'>,
): void {
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const [x, y] = [at % width, Math.floor(at / width)]
    for (let ny = Math.max(y - 1, 0); ny <= Math.min(y + 1, height - 1); ny += 1) {
      for (let nx = Math.max(x - 1, 0); nx <= Math.min(x + 1, width - 1); nx += 1) {
        const next = ny * width + nx
        if (states[next] !== STATE.weak) continue
        states[next] = STATE.edge
        open.push(next)
      }
    }
  }
}

function findSlopes({ width, height, channels, data }: ByteRaster): Slopes {
  const count = width * height
  const slopes = { dx: new Int16Array(count), dy: new Int16Array(count), steepness: new Int32Array(count) }
  for (let y = 0; y < height; y += 1) {
    const [above, below] = [Math.max(y - 1, 0), Math.min(y + 1, height - 1)].map((row) => row * width)
    for (let x = 0; x < width; x += 1) {
      const [left, right] = [Math.max(x - 1, 0), Math.min(x + 1, width - 1)]
      const at = y * width + x
      for (let c = 0; c < channels; c += 1) {
        const value = (row: number, column: number) => data[(row + column) * channels + c]!
        const [nw, n, ne] = [value(above!, left), value(above!, x), value(above!, right)]
        const [sw, s, se] = [value(below!, left), value(below!, x), value(below!, right)]
        const dx = ne + 2 * value(y * width, right) + se - nw - 2 * value(y * width, left) - sw
        const dy = sw + 2 * s + se - nw - 2 * n - ne
        const steepness = Math.abs(dx) + Math.abs(dy)
        if (c > 0 && steepness <= slopes.steepness[at]!) continue
        slopes.dx[at] = dx
        slopes.dy[at] = dy
        slopes.steepness[at] = steepness
      }
    }
  }
  return slopes
}
