import type { HyperTile } from '@atelier/proto'
import type { UnetLayout } from '../checkpoint/detect-unet.ts'
import { PythonRandom } from '../denoise/noise/python-random.ts'
import { toRows, type InsidePatch } from '../denoise/inside/patch-network.ts'
import { roundHalfEven } from '../denoise/schedules/schedule.ts'
import { hyperTileWhole, type TileNumbers } from '../networks/patches/hyper-tile.ts'
import type { AttentionPlace } from '../networks/patches/unet-patch.ts'
import type { DecoderTiles } from '../networks/vae.ts'

/** Smallest side of a tile that is aimed at, and a latent cell's, pixels. */
const [SMALLEST_TILE, CELL] = [128, 8]

/** Where a self-attention stands. */
type Place = Pick<AttentionPlace, 'half' | 'block' | 'index'>

/** How one half (denoiser, decoder) is cut. */
interface Cut {
  readonly isOn: boolean
  readonly maxDepth: number
  /** Side of a tile that is aimed at, cells. */
  readonly side: number
  /** How many divisors are drawn among. */
  readonly choices: number
}

/**
 * HyperTile by the rules of A1111's extension: tiles are drawn for each attention of each call, by Python's generator with
 * the seed of the first image, one after the other for denoiser and decoder. What the second pass was configured with
 * holds for the first pass of the next batch too.
 */
export class WebuiHyperTile {
  readonly #settings: HyperTile
  readonly #seed: bigint
  #random: PythonRandom
  #ratio = 1
  #denoiser: Cut
  #decoder: Cut

  constructor(
    settings: HyperTile,
    job: { readonly seed: bigint; readonly width: number; readonly height: number },
  ) {
    this.#settings = settings
    this.#seed = job.seed
    this.#random = new PythonRandom(job.seed)
    this.#denoiser = this.#decoder = { isOn: false, maxDepth: 0, side: 0, choices: 1 }
    this.#configure(job, settings.firstPass)
  }

  /** Before a second pass samples; its size in pixels is that before cropping. */
  beginSecondPass(size: { readonly width: number; readonly height: number }): void {
    if (this.#settings.secondPass) this.#random = new PythonRandom(this.#seed)
    this.#configure(size, this.#settings.secondPass)
  }

  #configure({ width, height }: { readonly width: number; readonly height: number }, isOn: boolean): void {
    const { denoiserDepth, denoiserTile, denoiserSwap, decoder, decoderTile, decoderSwap } = this.#settings
    const side = (tile: number) =>
      Math.floor(Math.max(SMALLEST_TILE, Math.min(findLargestTile(width, height), tile)) / CELL)
    this.#ratio = width / height
    this.#denoiser = { isOn, maxDepth: denoiserDepth, side: side(denoiserTile), choices: denoiserSwap }
    this.#decoder = { isOn: decoder, maxDepth: 0, side: side(decoderTile), choices: decoderSwap }
  }

  /** What a denoiser is called with from now on; `mergedTokens` says how many tokens of the finest level are merged away. */
  patch(
    layout: UnetLayout,
    isXl: boolean,
    mergedTokens: (height: number, width: number) => number = () => 0,
  ): InsidePatch {
    const [{ maxDepth }, name] = [this.#denoiser, 'webui_hyper_tile']
    const layers = listLayers(layout).flatMap((place) => {
      const depth = depthOf(place, isXl)
      return depth === undefined || depth > maxDepth ? [] : [{ ...place, depth }]
    })
    const rows = new Map(layers.map((layer, row) => [toKey(layer), row]))
    return {
      network: hyperTileWhole(name, { key: `${isXl} ${maxDepth}`, rowOf: (at) => rows.get(toKey(at)) }),
      share: ({ latent }) => {
        if (!this.#denoiser.isOn || layers.length === 0) return undefined
        const [height, width] = latent.shape.slice(2) as [number, number]
        const tiles = layers.map(({ level, depth }) => {
          const merged = level === 0 ? mergedTokens(height, width) : 0
          return this.#drawTiles(countTokens(height, width, level) - merged, depth)
        })
        return { key: `${name} ${tiles.join()}`, values: { [name]: toRows(tiles) } }
      },
    }
  }

  /** Draws the tiles of the next picture that is decoded; undefined leaves it whole. */
  drawDecoderTiles(height: number, width: number): DecoderTiles | undefined {
    if (!this.#decoder.isOn) return undefined
    const { side } = this.#decoder
    return {
      down: this.#drawDivisor(height, side, this.#decoder),
      across: this.#drawDivisor(width, side, this.#decoder),
    }
  }

  #drawTiles(tokens: number, depth: number): TileNumbers {
    const [rows, columns] = findSides(tokens, this.#ratio)
    const side = this.#denoiser.side * 2 ** depth
    const down = this.#drawDivisor(rows, side, this.#denoiser)
    const across = this.#drawDivisor(columns, side, this.#denoiser)
    const [tileRows, tileColumns] = [rows / down, columns / across]
    return [down, tileRows, across, tileColumns, tileRows * tileColumns, tokens]
  }

  /** How many parts, each at least `least` long, a length is cut into: one of the most there can be. */
  #drawDivisor(length: number, least: number, { choices }: Cut): number {
    const counts: number[] = []
    for (let part = Math.min(least, length); part <= length && counts.length < choices; part += 1)
      if (length % part === 0) counts.push(length / part)
    return counts[this.#random.below(counts.length)]!
  }
}

/** Tokens of a level, whose sides were halved and rounded up so often. */
function countTokens(height: number, width: number, level: number): number {
  return Math.ceil(height / 2 ** level) * Math.ceil(width / 2 ** level)
}

/** The largest power of two that divides both sides. */
function findLargestTile(width: number, height: number): number {
  const both = width | height
  return both & -both
}

/**
 * Sides of a picture of so many tokens. The original takes the ratio the other way round: what it cuts is not square where
 * the picture is not.
 */
function findSides(tokens: number, ratio: number): [rows: number, columns: number] {
  const rows = roundHalfEven(Math.sqrt(tokens * ratio))
  const columns = roundHalfEven(Math.sqrt(tokens / ratio))
  if (rows * columns === tokens) return [rows, columns]
  if (tokens % rows === 0) return [rows, tokens / rows]
  if (tokens % columns === 0) return [tokens / columns, columns]
  let best: [number, number] = [tokens, 1]
  let distance = Infinity
  for (let side = 2; side <= tokens; side += 1) {
    if (tokens % side !== 0) continue
    const off = Math.abs(tokens / side / side - ratio)
    if (off < distance) [best, distance] = [[side, tokens / side], off]
  }
  return best
}

/** Self-attentions of a UNet in the order in which they are computed. */
function listLayers({ levels, outputDepths, middleDepth }: UnetLayout): (Place & { level: number })[] {
  const layers: (Place & { level: number })[] = []
  const add = (at: Omit<Place, 'index'> & { level: number }, depth: number) => {
    for (let index = 0; index < depth; index += 1) layers.push({ ...at, index })
  }
  let block = 1
  levels.forEach(({ depths }, level) => {
    for (const depth of depths) add({ half: 'input', block: block++, level }, depth)
    // Between two levels stands the block that halves.
    block += 1
  })
  add({ half: 'middle', block: 0, level: levels.length - 1 }, middleDepth)
  const levelOfOutput = [...levels.entries()]
    .reverse()
    .flatMap(([level, { depths }]) => [...depths, 0].map(() => level))
  outputDepths.forEach((depth, at) =>
    add({ half: 'output', block: at, level: levelOfOutput[at] ?? 0 }, depth),
  )
  return layers
}

const toKey = ({ half, block, index }: Place): string => `${half} ${block} ${index}`

/** Transformers of SDXL that the extension names: ten in a row at most. */
const XL_TRANSFORMERS = 10

/** How deep the extension says that an attention lies; undefined for those it does not name. */
function depthOf({ half, block, index }: Place, isXl: boolean): number | undefined {
  if (isXl) return depthInXl({ half, block, index })
  if (index > 0) return undefined
  if (half === 'middle') return block === 0 ? 3 : undefined
  const places =
    half === 'input'
      ? [
          [1, 2],
          [4, 5],
          [7, 8],
        ]
      : [
          [9, 10, 11],
          [6, 7, 8],
          [3, 4, 5],
        ]
  const depth = places.findIndex((blocks) => blocks.includes(block))
  return depth < 0 ? undefined : depth
}

function depthInXl({ half, block, index }: Place): number | undefined {
  if (index >= XL_TRANSFORMERS) return undefined
  if (half === 'middle') return 2
  const [fine, coarse] =
    half === 'input'
      ? [
          [4, 5],
          [7, 8],
        ]
      : [
          [3, 4, 5],
          [0, 1, 2],
        ]
  if (coarse!.includes(block)) return 1
  return fine!.includes(block) && index < 2 ? index : undefined
}
