import { MersenneTwister } from '../../denoise/noise/mersenne-twister.ts'
import type { Pixels } from '../../image/pixels.ts'
import { remapRaster } from '../../opencv/remap.ts'
import { resizeRaster } from '../../opencv/resize.ts'
import type { Size, Raster } from '../../opencv/raster.ts'
import type { Preprocess } from './preprocessor.ts'
import { toWorkingPicture } from './working-picture.ts'

/** Distance of the points at which the flow is drawn, pixels. */
const GRID = 256

/** The picture's contents flowing to other places, which keeps its colours and takes its composition. */
export const shuffle: Preprocess = (picture, { resolution, seed }) =>
  shufflePixels(toWorkingPicture(picture, resolution).fitted, seed)

/** Moves the pixels of a picture along smooth noise of NumPy's legacy generator. */
export function shufflePixels(picture: Pixels, seed: number): Pixels {
  const random = new MersenneTwister(BigInt(seed))
  const across = drawField(picture, random)
  const down = drawField(picture, random)
  const { width, height } = picture
  return remapRaster(
    picture,
    Float32Array.from(across.data, (value) => value * (width - 1)),
    Float32Array.from(down.data, (value) => value * (height - 1)),
  )
}

/** Smooth noise from 0 to 1 of a picture's size. */
function drawField({ width, height }: Size, random: MersenneTwister): Raster<Float64Array> {
  const grid = { width: Math.floor(width / GRID) + 2, height: Math.floor(height / GRID) + 2 }
  const data = Float64Array.from({ length: grid.width * grid.height }, () => drawUniform(random))
  const size = { width: width + 2 * GRID, height: height + 2 * GRID }
  const large = resizeRaster<Raster<Float64Array>>({ ...grid, channels: 1, data }, size, 'cubic')
  const field = new Float64Array(width * height)
  for (let y = 0; y < height; y += 1) {
    const from = (y + GRID) * large.width + GRID
    field.set(large.data.subarray(from, from + width), y * width)
  }
  const [lowest, highest] = field.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  )
  return {
    ...{ width, height, channels: 1 },
    data: field.map((value) => (value - lowest) / (highest - lowest)),
  }
}

/** 53 random bits as NumPy's random_sample takes them from two draws. */
function drawUniform(random: MersenneTwister): number {
  const [high, low] = [random.nextWord() >>> 5, random.nextWord() >>> 6]
  return (high * 2 ** 26 + low) / 2 ** 53
}
