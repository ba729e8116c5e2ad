import type { ByteRaster, Raster } from './raster.ts'

/** Offsets a neighbourhood is made of. */
export type Neighbourhood = readonly (readonly [x: number, y: number])[]

/** A square of an odd side around a pixel. */
export function square(side: number): Neighbourhood {
  const radius = (side - 1) / 2
  const steps = Array.from({ length: side }, (_, i) => i - radius)
  return steps.flatMap((y) => steps.map((x) => [x, y] as const))
}

/** The largest value of each pixel's neighbourhood, channel by channel; outside there is nothing. */
export function dilateRaster<R extends Raster>(source: R, neighbourhood: Neighbourhood): R {
  return choose(source, neighbourhood, Math.max)
}

/** The smallest value of each pixel's neighbourhood. */
export function erodeRaster<R extends Raster>(source: R, neighbourhood: Neighbourhood): R {
  return choose(source, neighbourhood, Math.min)
}

function choose<R extends Raster>(
  source: R,
  neighbourhood: Neighbourhood,
  pick: (a: number, b: number) => number,
): R {
  const { width, height, channels, data } = source
  const output = data.slice()
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < channels; c += 1) {
        let found: number | undefined
        for (const [ox, oy] of neighbourhood) {
          const [nx, ny] = [x + ox, y + oy]
          if (nx < 0 || ny < 0 || nx >= width || ny >= height) continue
          const value = data[(ny * width + nx) * channels + c]!
          found = found === undefined ? value : pick(found, value)
        }
        if (found !== undefined) output[(y * width + x) * channels + c] = found
      }
    }
  }
  return { ...source, data: output }
}

/** A pattern of nine around a pixel, row by row: 1 white, -1 black, 0 either. */
export type Pattern = readonly number[]

/** Whether a pattern lies around a pixel of a one-channel picture; what is outside fits everything. */
export function fitsPattern(
  { width, height, data }: ByteRaster,
  pattern: Pattern,
  x: number,
  y: number,
): boolean {
  return pattern.every((wanted, i) => {
    const [nx, ny] = [x + (i % 3) - 1, y + Math.floor(i / 3) - 1]
    if (wanted === 0 || nx < 0 || ny < 0 || nx >= width || ny >= height) return true
    return data[ny * width + nx]! === (wanted === 1 ? 255 : 0)
  })
}
