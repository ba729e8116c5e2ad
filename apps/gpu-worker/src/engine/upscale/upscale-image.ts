import { toUpscaledSide } from '@atelier/catalog'
import type { Pixels } from '../image/pixels.ts'
import { resizePicture } from '../source-image/resize-picture.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { runAveraged } from './average-tiles.ts'
import { cutTile, joinTiles, planGrid, scaleGrid } from './grid-tiles.ts'
import type { UpscaleNetwork } from './upscale-network.ts'

/** How a picture is upscaled: by a network in tiles, or by a filter of Pillow's. */
export type Upscaler =
  | { readonly kind: 'network'; readonly network: UpscaleNetwork; readonly tiles: TileSettings }
  | { readonly kind: 'lanczos' | 'nearest' }

/** A1111's `ESRGAN_tile` and `ESRGAN_tile_overlap` (`SWIN_tile…` for SwinIR), pixels; a tile of 0 takes the whole. */
export interface TileSettings {
  readonly tile: number
  readonly overlap: number
}

/** A1111's defaults of the tile options. */
export const DEFAULT_TILES: TileSettings = { tile: 192, overlap: 8 }

/** How often a network is run on its own output to reach a size. */
const MAX_ROUNDS = 3

/**
 * Upscales a picture by a factor (networks leave its alpha out) as A1111's upscalers do: the network is run up to three times until both sides are
 * reached, then Lanczos brings the picture to exactly ⌊side × factor / 8⌋ × 8.
 */
export async function upscaleImage(source: Pixels, factor: number, upscaler: Upscaler): Promise<Pixels> {
  const [width, height] = [toUpscaledSide(source.width, factor), toUpscaledSide(source.height, factor)]
  let image = source
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (image.width >= width && image.height >= height && (round > 0 || factor !== 1)) break
    const before = image
    image = await runUpscaler(image, factor, upscaler)
    if (image.width === before.width && image.height === before.height) break
  }
  return image.width === width && image.height === height
    ? image
    : resizePicture(image, width, height, 'lanczos')
}

async function runUpscaler(image: Pixels, factor: number, upscaler: Upscaler): Promise<Pixels> {
  if (upscaler.kind === 'network') return upscaleWithNetwork(image, upscaler.network, upscaler.tiles)
  const [width, height] = [Math.trunc(image.width * factor), Math.trunc(image.height * factor)]
  return resizePicture(image, width, height, upscaler.kind)
}

/** Runs a network once over an RGB picture, in tiles, its channels in the order blue, green, red as A1111 gives them. */
export async function upscaleWithNetwork(
  image: Pixels,
  network: UpscaleNetwork,
  { tile, overlap }: TileSettings,
): Promise<Pixels> {
  if (network.architecture === 'SwinIR') {
    const options = { tile, overlap, scale: network.scale }
    return fromBlueFirst(await runAveraged(toBlueFirst(image), network.run, options))
  }
  const run = async (part: Pixels) => fromBlueFirst(await network.run(toBlueFirst(part)))
  if (tile <= 0) return run(image)
  const grid = planGrid(image.width, image.height, { width: tile, height: tile, overlap })
  const rows: Pixels[][] = []
  for (const top of grid.tops) {
    const row: Pixels[] = []
    for (const left of grid.lefts) row.push(await run(cutTile(image, grid, top, left)))
    rows.push(row)
  }
  return joinTiles(rows, scaleGrid(grid, network.scale))
}

function toBlueFirst({ width, height, channels, data }: Pixels): Tensor {
  const plane = width * height
  const image = createTensor([1, 3, height, width])
  for (let i = 0; i < plane; i += 1) {
    for (let c = 0; c < 3; c += 1) image.data[(2 - c) * plane + i] = data[channels * i + c]! / 255
  }
  return image
}

function fromBlueFirst({ shape, data }: Tensor): Pixels {
  const [height, width] = shape.slice(2) as [number, number]
  const plane = width * height
  const pixels = new Uint8Array(3 * plane)
  for (let i = 0; i < plane; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      const value = Math.fround(Math.min(Math.max(data[(2 - c) * plane + i]!, 0), 1) * 255)
      pixels[3 * i + c] = roundToByte(value)
    }
  }
  return { width, height, channels: 3, data: pixels }
}

/** Halves go to the even neighbour, as numpy rounds. */
function roundToByte(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
