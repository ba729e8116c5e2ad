import { isPng, showsAlpha } from '@atelier/catalog/png'
import sharp, { type Sharp } from 'sharp'
import type { Pixels } from '../image/pixels.ts'
import { decodePicture, MAX_PIXELS, toColours } from './read-image.ts'

/** Where a PNG file's header says how many bits a sample has, and how colours are written. */
const HEADER = { depthAt: 24, colourTypeAt: 25 }
const GREY = 0
/** Channels. */
const GREY_WITH_ALPHA = 2

/**
 * Decodes a picture as A1111 does: upright, the numbers as they stand in the file (no colour profile is applied), 16-bit
 * grey cut off at 255, inks turned to colours plainly, and an alpha only where `showsAlpha` says so; that of grey in other
 * files does not count. A TIFF file is turned once (the original's Pillow 9.5 turns it twice).
 * @throws EngineError `invalid-request` when it is no picture, damaged, or larger than 64 megapixels
 */
export async function readWebuiImage(bytes: Uint8Array): Promise<Pixels> {
  const read = async () => {
    const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, ignoreIcc: true }).rotate()
    const { space, channels, format } = await image.metadata()
    const isDeep = isDeepGrey(bytes) || (format === 'tiff' && space === 'grey16')
    const picture = await decode(image, { isDeep, isInked: space === 'cmyk' })
    return (showsAlpha(bytes) ?? channels !== GREY_WITH_ALPHA) ? picture : withoutAlpha(picture)
  }
  return decodePicture(bytes, read, 'OSError')
}

interface Samples {
  /** 16-bit grey. */
  readonly isDeep: boolean
  readonly isInked: boolean
}

async function decode(image: Sharp, { isDeep, isInked }: Samples): Promise<Pixels> {
  if (isDeep) {
    const grey = image.pipelineColourspace('grey16').toColourspace('grey16').raw({ depth: 'ushort' })
    const { data, info } = await grey.toBuffer({ resolveWithObject: true })
    const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / 2)
    const cut = Uint8Array.from(samples, (sample) => Math.min(sample, 255))
    return { width: info.width, height: info.height, ...toColours(cut, info.channels) }
  }
  const space = isInked ? 'cmyk' : 'srgb'
  const wanted = isInked ? image.pipelineColourspace(space) : image
  const raw = wanted.toColourspace(space).raw({ depth: 'uchar' })
  const { data, info } = await raw.toBuffer({ resolveWithObject: true })
  const size = { width: info.width, height: info.height }
  const samples = new Uint8Array(data)
  return isInked
    ? { ...size, channels: 3, data: mixInks(samples) }
    : { ...size, ...toColours(samples, info.channels) }
}

function isDeepGrey(bytes: Uint8Array): boolean {
  return isPng(bytes) && bytes[HEADER.depthAt] === 16 && bytes[HEADER.colourTypeAt] === GREY
}

/** Cyan, magenta, yellow and black as Pillow turns them to red, green and blue. */
function mixInks(inks: Uint8Array): Uint8Array {
  const colours = new Uint8Array((inks.length / 4) * 3)
  for (let i = 0; i < inks.length / 4; i += 1) {
    const light = 255 - inks[4 * i + 3]!
    for (let c = 0; c < 3; c += 1) colours[3 * i + c] = light - multiply(inks[4 * i + c]!, light)
  }
  return colours
}

/** The product of two shares of 255, rounded. */
function multiply(a: number, b: number): number {
  const product = a * b + 128
  return ((product >> 8) + product) >> 8
}

function withoutAlpha({ width, height, channels, data }: Pixels): Pixels {
  if (channels === 3) return { width, height, channels, data }
  const colours = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i += 1) colours.set(data.subarray(4 * i, 4 * i + 3), 3 * i)
  return { width, height, channels: 3, data: colours }
}
