/** Where tiles lie along one side of a picture, and how large it all is: pixels. */
export interface TileSide {
  readonly size: number
  readonly tile: number
  /** How far tiles overlap at least; smaller than the tile. */
  readonly overlap: number
}

/**
 * The places of tiles along a side, A1111's way: spread evenly, the last one at the end; negative where a tile is longer
 * than the picture.
 */
export function spreadTiles({ size, tile, overlap }: TileSide): number[] {
  const count = Math.ceil((size - overlap) / (tile - overlap))
  const distance = count > 1 ? (size - tile) / (count - 1) : 0
  return Array.from({ length: Math.max(count, 0) }, (_, i) => {
    const at = Math.trunc(i * distance)
    return at + tile >= size ? size - tile : at
  })
}

/** What an upscaler's picture is long, pixels: sides are whole eights, as A1111's upscalers leave them. */
export function toUpscaledSide(side: number, factor: number): number {
  return Math.floor((side * factor) / 8) * 8
}
