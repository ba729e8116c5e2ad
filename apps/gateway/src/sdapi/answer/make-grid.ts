import type { GenerationJob } from '@atelier/proto'
import sharp from 'sharp'
import { encodePicture } from '../../images/encode-picture.ts'
import { measurePicture, readPixels, toOverlay, type Picture, type Pixels } from '../../images/pixels.ts'
import { toQuality } from '../generation/to-output.ts'
import { optionNumber, optionText, type Options } from '../options/options-store.ts'

/** How a grid is laid out. */
export interface GridOptions {
  readonly options: Options
  readonly batchSize: number
}

/** Rows and columns of a grid, as the `n_rows` option wants: a number, 0 for the batch size, -1 for about a square. */
export function layOutGrid(count: number, { options, batchSize }: GridOptions): [number, number] {
  const wanted = optionNumber(options, 'n_rows', -1)
  const rows = Math.min(wanted > 0 ? wanted : wanted === 0 ? batchSize : squareRows(count, options), count)
  return [rows, Math.ceil(count / rows)]
}

function squareRows(count: number, options: Options): number {
  const root = Math.sqrt(count)
  if (options.get('grid_prevent_empty_spots') !== true) return roundHalfEven(root)
  let rows = Math.floor(root)
  while (count % rows !== 0) rows -= 1
  return rows
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const isHalf = value - floor === 0.5
  return isHalf ? floor + (floor % 2) : Math.round(value)
}

/** Colour of what pictures of a grid leave empty, "#rrggbb". */
export function gridColour(options: Options): string {
  const colour = optionText(options, 'grid_background_color')
  return /^#[0-9a-f]{6}$/i.test(colour) ? colour : '#ffffff'
}

/** Puts pictures side by side on the background colour, smaller ones centred in their cells. */
export async function makeGrid(pictures: readonly Picture[], grid: GridOptions): Promise<Pixels> {
  const [rows, columns] = layOutGrid(pictures.length, grid)
  const sizes = await Promise.all(pictures.map(measurePicture))
  const [width, height] = [
    Math.max(...sizes.map((size) => size.width)),
    Math.max(...sizes.map((size) => size.height)),
  ]
  const cells = pictures.map((picture, index) => {
    const size = sizes[index]!
    return toOverlay(picture, {
      left: (index % columns) * width + Math.floor((width - size.width) / 2),
      top: Math.floor(index / columns) * height + Math.floor((height - size.height) / 2),
    })
  })
  const background = gridColour(grid.options)
  const canvas = sharp({ create: { width: columns * width, height: rows * height, channels: 3, background } })
  return readPixels(canvas.composite(cells).removeAlpha())
}

/** The grid of a job's pictures. */
export function makeGridOf(
  pictures: readonly Uint8Array[],
  { job, options }: { job: GenerationJob; options: Options },
): Promise<Pixels> {
  return makeGrid(pictures, { options, batchSize: job.batchSize })
}

/** A grid as its answer has it: in the format of the job's pictures, with the first one's infotext. */
export function encodeGrid(
  grid: Pixels,
  { job, infotext, options }: { job: GenerationJob; infotext: string; options: Options },
): Promise<Uint8Array> {
  return encodePicture(grid, {
    format: job.output?.format ?? 0,
    quality: toQuality(options),
    infotext: job.output?.omitMetadata === true ? '' : infotext,
  })
}
