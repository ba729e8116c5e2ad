import { combine } from '../denoise/combine.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import { runTiled } from '../tiling/tiled-scale.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Pixels to a latent cell, along a side. */
const PIXELS_PER_CELL = 8

/** Size of tiles and their overlap, in the units of what is cut. */
export interface TileSize {
  readonly tile: number
  readonly overlap: number
}

/** Decodes a latent [batch, 4, h, w] in tiles, cells: the mean of square, wide and tall ones, so that seams fall apart. */
export function decodeTiled(vae: LoadedVae, latent: Tensor, size: TileSize): Promise<Tensor> {
  return averageTilings(latent, (tile) => vae.decode(tile), { ...size, scale: PIXELS_PER_CELL })
}

/** Encodes pixels [batch, 3, H, W] in tiles, pixels, to the posterior's mean. */
export function encodeTiled(vae: LoadedVae, pixels: Tensor, size: TileSize): Promise<Tensor> {
  const encode = async (tile: Tensor) => (await vae.encode(tile)).mean
  return averageTilings(pixels, encode, { ...size, scale: 1 / PIXELS_PER_CELL })
}

async function averageTilings(
  source: Tensor,
  run: (tile: Tensor) => Promise<Tensor>,
  { tile, overlap, scale }: TileSize & { readonly scale: number },
): Promise<Tensor> {
  const half = Math.floor(tile / 2)
  const tilings = [
    { tileWidth: tile, tileHeight: tile },
    { tileWidth: half, tileHeight: tile * 2 },
    { tileWidth: tile * 2, tileHeight: half },
  ]
  const results: Tensor[] = []
  for (const tiling of tilings) results.push(await runTiled(source, run, { ...tiling, overlap, scale }))
  const [first, second, third] = results
  return combine([1 / 3, first!], [1 / 3, second!], [1 / 3, third!])
}
