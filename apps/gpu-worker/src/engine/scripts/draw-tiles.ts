import type { Extension, GenerationJob, TileWork } from '@atelier/proto'
import { openUpscaler } from '../generation/enlarge.ts'
import type { HeldModels } from '../generation/held-models.ts'
import type { Pixels } from '../image/pixels.ts'
import { dropAlpha } from '../inpaint/alpha.ts'
import { takeRed, toColours, type Grey } from '../inpaint/grey.ts'
import { flattenImage } from '../source-image/read-image.ts'
import { cutTile, joinTiles, planGrid, type Grid } from '../upscale/grid-tiles.ts'
import { upscaleImage } from '../upscale/upscale-image.ts'
import { createPicture, drawFrame, pastePicture } from './frames.ts'
import type { PartRunner } from './part-runner.ts'

/** What tiles are drawn with. */
export interface TileDeps {
  readonly runner: PartRunner
  readonly models: HeldModels
}

/**
 * Enlarges or extends a picture, has parts draw over its tiles, and puts them together (A1111's SD upscale and poor man's
 * outpainting), once for each result. Of a cancelled script the result under way is made of what there is, black
 * elsewhere.
 */
export async function drawTiles(
  work: TileWork,
  parts: readonly GenerationJob[],
  { runner, models }: TileDeps,
): Promise<Pixels[]> {
  const canvas = await prepareCanvas(work, { runner, models })
  const { width, height } = canvas.picture
  const grid = planGrid(width, height, {
    width: work.tileWidth,
    height: work.tileHeight,
    overlap: work.overlap,
  })
  const tiles = listTiles(grid).filter((tile) => !isUntouched(tile, grid, work.extension, canvas.picture))
  const results: Pixels[] = []
  for (let first = 0; first < parts.length && !runner.isStopped; first += work.partsEach) {
    const drawn: Pixels[] = []
    for (let at = 0; at < work.partsEach && !runner.isStopped; at += 1) {
      const mine = tiles.slice(at * work.tilesEach, (at + 1) * work.tilesEach)
      const cut = (picture: Pixels) => mine.map(({ top, left }) => cutTile(picture, grid, top, left))
      const cutMask = (mask: Grey | undefined) => mask && takeRed(cut(toColours(mask))[0]!)
      const outcome = await runner.run(first + at, {
        sources: cut(canvas.picture),
        mask: cutMask(canvas.mask),
        latentMask: cutMask(canvas.latentMask),
      })
      drawn.push(...outcome.pictures.slice(0, mine.length))
    }
    results.push(join(canvas.picture, grid, tiles, drawn))
  }
  return results
}

interface Canvas {
  readonly picture: Pixels
  readonly mask?: Grey
  readonly latentMask?: Grey
}

async function prepareCanvas(
  { image, upscaler, factor, extension, backgroundColor }: TileWork,
  { runner, models }: TileDeps,
): Promise<Canvas> {
  const read = await runner.read(image)
  const picture = backgroundColor === '' ? dropAlpha(read) : flattenImage(read, backgroundColor)
  if (extension !== undefined) return extend(picture, extension)
  if (upscaler === undefined) return { picture }
  try {
    return { picture: await upscaleImage(picture, factor, await openUpscaler(upscaler, models)) }
  } finally {
    models.release()
  }
}

function extend(picture: Pixels, extension: Extension): Canvas {
  const { left, right, up, down, maskMargin, latentMargin } = extension
  const [width, height] = [picture.width + left + right, picture.height + up + down]
  const canvas = createPicture(width, height)
  pastePicture(canvas, picture, { left, top: up })
  const frame = (margin: number): Grey =>
    drawFrame(width, height, {
      left: left + (left > 0 ? margin : 0),
      top: up + (up > 0 ? margin : 0),
      right: width - right - (right > 0 ? margin : 0),
      bottom: height - down - (down > 0 ? margin : 0),
    })
  return { picture: canvas, mask: frame(maskMargin), latentMask: frame(latentMargin) }
}

interface Tile {
  readonly top: number
  readonly left: number
}

function listTiles({ tops, lefts }: Grid): Tile[] {
  return tops.flatMap((top) => lefts.map((left) => ({ top, left })))
}

/** A tile that holds nothing of what was added stays as it is. */
function isUntouched(
  { top, left }: Tile,
  { tileWidth, tileHeight }: Grid,
  extension: Extension | undefined,
  { width, height }: Pixels,
): boolean {
  if (extension === undefined) return false
  return (
    left >= extension.left &&
    left + tileWidth <= width - extension.right &&
    top >= extension.up &&
    top + tileHeight <= height - extension.down
  )
}

function join(canvas: Pixels, grid: Grid, tiles: readonly Tile[], drawn: readonly Pixels[]): Pixels {
  const find = (top: number, left: number): Pixels => {
    const index = tiles.findIndex((tile) => tile.top === top && tile.left === left)
    if (index < 0) return cutTile(canvas, grid, top, left)
    return drawn[index] ?? createPicture(grid.tileWidth, grid.tileHeight)
  }
  return joinTiles(
    grid.tops.map((top) => grid.lefts.map((left) => find(top, left))),
    grid,
  )
}
