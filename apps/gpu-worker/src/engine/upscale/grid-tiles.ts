import { spreadTiles } from '@atelier/catalog'
import type { Pixels } from '../image/pixels.ts'

/**
 * A1111's way to cut a picture into a grid of equal tiles: spread evenly, overlaps at least as wide as asked, and put
 * together row by row with each tile's left (top) overlap faded over what lies there. A picture smaller than a tile is
 * padded with black to the left and top, as Pillow's crop does.
 */
export interface Grid {
  readonly tileWidth: number
  readonly tileHeight: number
  readonly width: number
  readonly height: number
  readonly overlap: number
  /** Positions of the tiles' left and top sides, negative where a tile is larger than the picture. */
  readonly lefts: readonly number[]
  readonly tops: readonly number[]
}

/** Size of tiles and how far they overlap, pixels. */
export interface TileSize {
  readonly width: number
  readonly height: number
  readonly overlap: number
}

/** Plans the grid of a picture. */
export function planGrid(width: number, height: number, tile: TileSize): Grid {
  const { overlap } = tile
  return {
    ...{ tileWidth: tile.width, tileHeight: tile.height, width, height, overlap },
    lefts: spreadTiles({ size: width, tile: tile.width, overlap }),
    tops: spreadTiles({ size: height, tile: tile.height, overlap }),
  }
}

/** The same grid of a picture `factor` times as large. */
export function scaleGrid(grid: Grid, factor: number): Grid {
  const times = (value: number) => value * factor
  return {
    tileWidth: times(grid.tileWidth),
    tileHeight: times(grid.tileHeight),
    width: times(grid.width),
    height: times(grid.height),
    overlap: times(grid.overlap),
    lefts: grid.lefts.map(times),
    tops: grid.tops.map(times),
  }
}

/** One tile of the picture, black where it reaches beyond it. */
export function cutTile(source: Pixels, grid: Grid, top: number, left: number): Pixels {
  const tile = createBlack(grid.tileWidth, grid.tileHeight)
  paste(tile, source, { top: -top, left: -left })
  return tile
}

/** Puts tiles together, in rows of the grid. */
export function joinTiles(tiles: readonly (readonly Pixels[])[], grid: Grid): Pixels {
  const whole = createBlack(grid.width, grid.height)
  const { overlap } = grid
  grid.tops.forEach((top, rowIndex) => {
    const row = createBlack(grid.width, grid.tileHeight)
    grid.lefts.forEach((left, column) => {
      const tile = tiles[rowIndex]![column]!
      if (left === 0) paste(row, tile, { top: 0, left })
      else paste(row, tile, { top: 0, left, fadeAcross: overlap })
    })
    if (top === 0) paste(whole, row, { top, left: 0 })
    else paste(whole, row, { top, left: 0, fadeDown: overlap })
  })
  return whole
}

interface Place {
  readonly top: number
  readonly left: number
  /** Columns (rows) over which the pasted picture fades in. */
  readonly fadeAcross?: number
  readonly fadeDown?: number
}

function paste(target: Pixels, source: Pixels, { top, left, fadeAcross = 0, fadeDown = 0 }: Place): void {
  const rows = Math.min(source.height, target.height - top)
  const columns = Math.min(source.width, target.width - left)
  for (let y = Math.max(0, -top); y < rows; y += 1) {
    for (let x = Math.max(0, -left); x < columns; x += 1) {
      const opacity = Math.min(fadeAt(x, fadeAcross), fadeAt(y, fadeDown))
      const [to, from] = [((top + y) * target.width + left + x) * 3, (y * source.width + x) * source.channels]
      for (let c = 0; c < 3; c += 1)
        target.data[to + c] = blend(target.data[to + c]!, source.data[from + c]!, opacity)
    }
  }
}

function fadeAt(at: number, length: number): number {
  return at < length ? Math.trunc(Math.fround(Math.fround(at * 255) / length)) : 255
}

/** Pillow's blend of two bytes by a mask byte. */
function blend(below: number, above: number, opacity: number): number {
  const sum = below * (255 - opacity) + above * opacity + 128
  return ((sum >> 8) + sum) >> 8
}

function createBlack(width: number, height: number): Pixels {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3) }
}
