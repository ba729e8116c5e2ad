import { ResizeMode } from '@atelier/proto'
import { dilateRaster, erodeRaster, square } from '../opencv/morphology.ts'
import { splitByOtsu } from '../opencv/otsu.ts'
import { createLike, roundEven, spreadChannel, type Raster, type Size } from '../opencv/raster.ts'
import { resizeRaster, type Interpolation } from '../opencv/resize.ts'
import { keepRidges, thinEdges } from '../opencv/thin-edges.ts'

/** A picture of this many colours or more is no drawing in few of them. */
const MANY_COLOURS = 200
/** Limits of black and white in a drawing of two colours. */
const BLACK = 16
const WHITE = 240
const HALF = 127

/**
 * Brings a control picture to a size by the extension's resize modes: stretched, cut, or laid in the middle of the
 * median of its border. A fourth channel is a mask and stays black and white.
 */
export function fitMap(source: Raster, size: Size, mode: ResizeMode): Raster {
  if (mode === ResizeMode.RESIZE_MODE_STRETCH) return resizeMap(source, size)
  const factors = [size.height / source.height, size.width / source.width]
  const isFilled = mode === ResizeMode.RESIZE_MODE_FILL
  const factor = isFilled ? Math.min(...factors) : Math.max(...factors)
  const scaled = resizeMap(source, {
    width: roundEven(source.width * factor),
    height: roundEven(source.height * factor),
  })
  return isFilled ? layOnBorder(scaled, size, findBorder(source)) : cutMiddle(scaled, size)
}

/** Resizes by what the picture is: few colours stay as they are, two colours stay two, thin lines stay thin. */
function resizeMap(source: Raster, size: Size): Raster {
  const isSame = source.width === size.width && source.height === size.height
  if (source.channels === 3) return isSame ? source : resizeColours(source, size)
  const colours = takeChannels(source, 0, 3)
  const mask = takeChannels(source, 3, 1)
  if (isSame) return joinMask(colours, mask)
  const interpolation = chooseInterpolation(colours, size, countColours(colours))
  return joinMask(resizeColours(colours, size), resizeRaster(mask, size, interpolation))
}

function resizeColours(source: Raster, size: Size): Raster {
  const colours = countColours(source)
  const resized = resizeRaster(source, size, chooseInterpolation(source, size, colours))
  const isBinary = colours === 2 && isBlackAndWhite(source)
  return isBinary ? restoreTwoColours(source, resized) : resized
}

function isBlackAndWhite({ data }: Raster): boolean {
  let [darkest, lightest] = [255, 0]
  for (const value of data) {
    darkest = Math.min(darkest, value)
    lightest = Math.max(lightest, value)
  }
  return darkest < BLACK && lightest > WHITE
}

function chooseInterpolation(source: Raster, size: Size, colours: number): Interpolation {
  if (colours > 2 && colours < MANY_COLOURS) return 'nearest'
  return size.width * size.height < source.width * source.height ? 'area' : 'cubic'
}

/** Colours of a picture, counted up to as many as make no difference. */
function countColours({ data }: Raster): number {
  const found = new Set<string>()
  for (let i = 0; i < data.length && found.size <= MANY_COLOURS; i += 3)
    found.add(`${data[i]} ${data[i + 1]} ${data[i + 2]}`)
  return found.size
}

function restoreTwoColours(source: Raster, resized: Raster): Raster {
  const { width, height } = resized
  const isBigger = width * height > source.width * source.height
  const grey = Uint8Array.from({ length: width * height }, (_, i) => {
    const sum = resized.data[3 * i]! + resized.data[3 * i + 1]! + resized.data[3 * i + 2]!
    return Math.trunc(Math.min(Math.max(Math.fround(sum / 3), 0), 255))
  })
  const plane = { width, height, channels: 1, data: grey }
  const restored = hasThinLines(source)
    ? thinEdges(splitByOtsu(keepRidges(plane)), isBigger)
    : splitByOtsu(plane)
  return likeData(source, spreadChannel(restored))
}

/** Whether most of what is white vanishes when it is made one pixel thinner and thicker again. */
function hasThinLines(source: Raster): boolean {
  const opened = dilateRaster(erodeRaster(source, square(3)), square(3)).data
  let [lost, white] = [0, 0]
  for (let i = 0; i < source.data.length; i += 1) {
    if (opened[i]! < source.data[i]!) lost += 1
    if (source.data[i]! > HALF) white += 1
  }
  return lost * 2 > white
}

/** The median of the outermost rows and columns, by channel; a mask's is white. */
function findBorder({ width, height, channels, data }: Raster): number[] {
  const isBytes = data instanceof Uint8Array
  return Array.from({ length: channels }, (_, channel) => {
    if (channel === 3) return 255
    const at = (x: number, y: number) => data[(y * width + x) * channels + channel]!
    const values: number[] = []
    for (let x = 0; x < width; x += 1) values.push(at(x, 0), at(x, height - 1))
    for (let y = 0; y < height; y += 1) values.push(at(0, y), at(width - 1, y))
    values.sort((a, b) => a - b)
    const middle = values.length / 2
    const median = (values[Math.ceil(middle) - 1]! + values[Math.floor(middle)]!) / 2
    return isBytes ? Math.trunc(median) : median
  })
}

function layOnBorder(scaled: Raster, { width, height }: Size, border: readonly number[]): Raster {
  const { channels } = scaled
  const data = createLike(scaled.data, width * height * channels)
  for (let i = 0; i < data.length; i += 1) data[i] = border[i % channels]!
  const [top, left] = [height - scaled.height, width - scaled.width].map((rest) =>
    Math.max(0, Math.floor(rest / 2)),
  ) as [number, number]
  const columns = Math.min(scaled.width, width - left)
  for (let y = 0; y < Math.min(scaled.height, height - top); y += 1) {
    const row = scaled.data.subarray(y * scaled.width * channels, (y * scaled.width + columns) * channels)
    data.set(row, ((y + top) * width + left) * channels)
  }
  return { ...scaled, width, height, data }
}

function cutMiddle(scaled: Raster, { width, height }: Size): Raster {
  const { channels } = scaled
  const data = createLike(scaled.data, width * height * channels)
  const [top, left] = [scaled.height - height, scaled.width - width].map((rest) =>
    Math.max(0, Math.floor(rest / 2)),
  ) as [number, number]
  for (let y = 0; y < height; y += 1) {
    const from = ((y + top) * scaled.width + left) * channels
    data.set(scaled.data.subarray(from, from + width * channels), y * width * channels)
  }
  return { ...scaled, width, height, data }
}

function takeChannels(source: Raster, first: number, count: number): Raster {
  const pixels = source.width * source.height
  const data = createLike(source.data, pixels * count)
  for (let i = 0; i < pixels; i += 1)
    for (let c = 0; c < count; c += 1) data[i * count + c] = source.data[i * source.channels + first + c]!
  return { ...source, channels: count, data }
}

/** Colours and their mask, which is black and white, as bytes: how the extension goes on with them. */
function joinMask(colours: Raster, mask: Raster): Raster {
  const pixels = colours.width * colours.height
  const data = createLike(colours.data, pixels * 4)
  for (let i = 0; i < pixels; i += 1) {
    for (let c = 0; c < 3; c += 1) data[4 * i + c] = colours.data[3 * i + c]!
    data[4 * i + 3] = mask.data[i]! > HALF ? 255 : 0
  }
  return { ...colours, channels: 4, data }
}

function likeData(source: Raster, bytes: Raster): Raster {
  return source.data instanceof Uint8Array ? bytes : { ...bytes, data: Float32Array.from(bytes.data) }
}
