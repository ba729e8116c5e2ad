import { hyperTile, type TileNumbers } from '../networks/patches/hyper-tile.ts'
import { roundHalfEven } from '../denoise/schedules/schedule.ts'
import { toRows, type InsidePatch } from '../denoise/inside/patch-network.ts'

/** How HyperTile cuts. */
export interface HyperTileSettings {
  /** Side of a tile, pixels. */
  readonly tileSize: number
  /** Deepest level that is cut, the finest 0. */
  readonly maxDepth: number
  /** Tiles are larger, in tokens, on deeper levels. */
  readonly scalesDepth: boolean
}

/** Smallest side of a tile, pixels; pixels of a latent's cell. */
const [SMALLEST_TILE, CELL] = [32, 8]
const NO_TILES = [1, 1, 1, 1, 1, 1] as const

/**
 * HyperTile by ComfyUI's rules. Of the divisors it may choose among by chance it takes the first, the smallest tile, so
 * that a seed gives one picture.
 */
export function createHyperTile(settings: HyperTileSettings, id: number): InsidePatch {
  const name = `hyper_tile_${id}`
  const network = hyperTile(name, settings.maxDepth + 1)
  return {
    network,
    share({ latent }) {
      const [height, width] = latent.shape.slice(2) as [number, number]
      const levels = Array.from({ length: settings.maxDepth + 1 }, (_, depth) =>
        findTiles({ height, width, depth }, settings),
      )
      if (levels.every(([rows, , columns]) => rows * columns === 1)) return undefined
      return { key: `${name} ${levels.join()}`, values: { [name]: toRows(levels) } }
    },
  }
}

/** Tiles of a level of a latent. */
export function findTiles(
  { height, width, depth }: { readonly height: number; readonly width: number; readonly depth: number },
  { tileSize, scalesDepth }: Pick<HyperTileSettings, 'tileSize' | 'scalesDepth'>,
): TileNumbers {
  const halve = (size: number) =>
    Array.from({ length: depth }).reduce<number>((left) => Math.ceil(left / 2), size)
  const tokens = halve(height) * halve(width)
  const whole: TileNumbers = [...NO_TILES.slice(0, 1), tokens, 1, 1, tokens, tokens] as unknown as TileNumbers
  // Levels whose sides were rounded on the way down are left whole.
  if (tokens !== (height / 2 ** depth) * (width / 2 ** depth)) return whole
  // The original takes the ratio of the sides the other way round; what it cuts is not square where the latent is not.
  const ratio = width / height
  const [rows, columns] = [roundHalfEven(Math.sqrt(tokens * ratio)), roundHalfEven(Math.sqrt(tokens / ratio))]
  const side = Math.floor(Math.max(SMALLEST_TILE, tileSize) / CELL) * (scalesDepth ? 2 ** depth : 1)
  const [down, across] = [countTiles(rows, side), countTiles(columns, side)]
  const [tileRows, tileColumns] = [rows / down, columns / across]
  return [down, tileRows, across, tileColumns, tileRows * tileColumns, tokens]
}

/** How many tiles, at least `side` long, a length is divided into at most. */
function countTiles(length: number, side: number): number {
  let size = Math.min(side, length)
  while (length % size !== 0) size += 1
  return length / size
}
