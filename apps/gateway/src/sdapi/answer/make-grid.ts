import { createPngTextChunk, rebuildPng } from '@atelier/catalog/png'
import { ImageFormat, type GenerationJob } from '@atelier/proto'
import sharp from 'sharp'
import { optionNumber, optionText, type Options } from '../options/options-store.ts'

/** How a grid is laid out. */
export interface GridOptions {
  readonly options: Options
  readonly batchSize: number
  readonly format: ImageFormat
  /** Text stored in a PNG; empty: none. */
  readonly infotext: string
}

/** Rows and columns of a grid, as the `n_rows` option wants: a number, 0 for the batch size, -1 for about a square. */
export function layOutGrid(
  count: number,
  { options, batchSize }: Pick<GridOptions, 'options' | 'batchSize'>,
): [number, number] {
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

/** Puts pictures side by side on the background colour, smaller ones centred in their cells. */
export async function makeGrid(pictures: readonly Uint8Array[], grid: GridOptions): Promise<Uint8Array> {
  const [rows, columns] = layOutGrid(pictures.length, grid)
  const sizes = await Promise.all(pictures.map((picture) => sharp(picture).metadata()))
  const [width, height] = [
    Math.max(...sizes.map((size) => size.width)),
    Math.max(...sizes.map((size) => size.height)),
  ]
  const cells = pictures.map((input, index) => ({
    input: Buffer.from(input),
    left: (index % columns) * width + Math.floor((width - (sizes[index]?.width ?? width)) / 2),
    top: Math.floor(index / columns) * height + Math.floor((height - (sizes[index]?.height ?? height)) / 2),
  }))
  const colour = optionText(grid.options, 'grid_background_color')
  const background = /^#[0-9a-f]{6}$/i.test(colour) ? colour : '#ffffff'
  const canvas = sharp({ create: { width: columns * width, height: rows * height, channels: 3, background } })
  const filled = canvas.composite(cells).removeAlpha()
  const quality = optionNumber(grid.options, 'jpeg_quality', 80)
  if (grid.format === ImageFormat.IMAGE_FORMAT_JPEG) return filled.jpeg({ quality }).toBuffer()
  if (grid.format === ImageFormat.IMAGE_FORMAT_WEBP) return filled.webp({ quality }).toBuffer()
  const png = await filled.png().toBuffer()
  const texts = grid.infotext === '' ? [] : [{ keyword: 'parameters', text: grid.infotext }]
  return rebuildPng(png, texts.map(createPngTextChunk))
}

/** The grid of a job's pictures as its answer has it: in the format of its pictures, with the first one's infotext. */
export function makeGridOf(
  pictures: readonly Uint8Array[],
  { job, infotext, options }: { job: GenerationJob; infotext: string; options: Options },
): Promise<Uint8Array> {
  return makeGrid(pictures, {
    options,
    batchSize: job.batchSize,
    format: job.output?.format ?? 0,
    infotext: job.output?.omitMetadata === true ? '' : infotext,
  })
}
