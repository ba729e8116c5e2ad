import { combine } from '../denoise/combine.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { countTiles, runTiled, type TileOptions } from './tiled-scale.ts'

/** Pixels of one latent cell's side. */
const CELL = 8

/** Tiles of a picture: in latent cells to decode, in pixels to encode. */
export interface VaeTiles {
  readonly width: number
  readonly height: number
  readonly overlap: number
  /** Hears of each tile done, of how many. */
  readonly onTile?: (done: number, total: number) => void
}

/** ComfyUI's tiles where memory ran out while a latent was decoded, in cells. */
export const DECODE_TILES: VaeTiles = { width: 64, height: 64, overlap: 16 }
/** Those where it ran out while a picture was encoded, in pixels. */
export const ENCODE_TILES: VaeTiles = { width: 512, height: 512, overlap: 64 }

/**
 * Decodes an unscaled latent [batch, 4, h, w] in tiles, to [batch, 3, 8h, 8w]: the mean of three tilings (upright, wide and
 * as given), so that no seam lies where another has one (ComfyUI's VAE.decode_tiled).
 */
export function decodeTiled(
  { decode, cell = CELL }: Pick<LoadedVae, 'decode' | 'cell'>,
  latent: Tensor,
  tiles: VaeTiles,
): Promise<Tensor> {
  // Where latents are pixels there is nothing to cut.
  if (cell === 1) return decode(latent)
  const { width, height } = tiles
  const shapes = [
    [half(width), 2 * height],
    [2 * width, half(height)],
    [width, height],
  ] as const
  return averageTilings(latent, (tile) => decode(tile), { shapes, tiles, scale: CELL })
}

/** Encodes pixels [batch, 3, H, W], -1 to 1, in tiles, to the posterior's mean (ComfyUI's VAE.encode_tiled). */
export async function encodeTiled(
  { encode, cell = CELL }: Pick<LoadedVae, 'encode' | 'cell'>,
  pixels: Tensor,
  tiles: VaeTiles,
): Promise<Tensor> {
  if (cell === 1) return (await encode(pixels)).mean
  const { width, height } = tiles
  const shapes = [
    [width, height],
    [2 * width, half(height)],
    [half(width), 2 * height],
  ] as const
  return averageTilings(pixels, async (tile) => (await encode(tile)).mean, { shapes, tiles, scale: 1 / CELL })
}

interface Tilings {
  readonly shapes: readonly (readonly [width: number, height: number])[]
  readonly tiles: VaeTiles
  readonly scale: number
}

async function averageTilings(
  source: Tensor,
  run: (tile: Tensor) => Promise<Tensor>,
  { shapes, tiles, scale }: Tilings,
): Promise<Tensor> {
  const [batch, , rows, columns] = source.shape as [number, number, number, number]
  const plans = shapes.map(([tileWidth, tileHeight]): TileOptions => ({
    tileWidth,
    tileHeight,
    overlap: tiles.overlap,
    scale,
  }))
  const total = batch * plans.reduce((sum, plan) => sum + countTiles(rows, columns, plan), 0)
  let done = 0
  const onTile = () => tiles.onTile?.((done += 1), total)
  let sum: Tensor | undefined
  for (const plan of plans) {
    const tiled = await runTiled(source, run, { ...plan, onTile })
    sum = sum === undefined ? tiled : combine([1, sum], [1, tiled])
  }
  return { shape: sum!.shape, data: sum!.data.map((value) => value / shapes.length) }
}

function half(size: number): number {
  return Math.floor(size / 2)
}
