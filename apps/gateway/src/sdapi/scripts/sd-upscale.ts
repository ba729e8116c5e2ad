import { spreadTiles, toUpscaledSide } from '@atelier/catalog'
import type { ExactValue } from '@atelier/catalog/exact-json'
import type { BlobRef, TileWork } from '@atelier/proto'
import { fixSeed } from '../generation/draw-seed.ts'
import { pythonException } from '../errors.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { listUpscalers } from '../lists/upscalers.ts'
import { optionText } from '../options/options-store.ts'
import { toUpscaler } from '../generation/to-upscaler.ts'
import { describeProcessed } from './processed.ts'
import type { Script, ScriptContext } from './script.ts'
import { refuseTooManyParts, requireSource } from './limits.ts'
import { takeInteger, takeNumber } from './values.ts'

const MAX_FACTOR = 16
const MAX_OVERLAP = 4096

/** Enlarges a picture and draws over it tile by tile; width and height are the tiles'. */
export const SD_UPSCALE: Script = {
  title: 'sd upscale',
  args: ['_', 'overlap', 'upscaler_index', 'scale_factor'],
  plan(context) {
    const tiling = planTiling(context)
    const seed = fixSeed(context.request.integer('seed'), context.random)
    const parts = planParts(context, tiling, seed)
    return {
      parts,
      names: parts.map((_, index) => `Batch ${index + 1} out of ${parts.length}`),
      makesSources: true,
      work: ({ sources }) => ({ $case: 'tiles', value: toTileWork(context, tiling, sources[0]) }),
      info: describeProcessed(context, parts, new Map([['seed', seed]])),
      answer: { texts: 'first' },
    }
  },
}

/** How a picture is enlarged and cut. */
interface Tiling {
  /** Its name; undefined: the picture keeps its size. */
  readonly upscaler: string | undefined
  readonly factor: number
  /** Size of the tiles, and how far they overlap, pixels. */
  readonly tile: Size
  readonly overlap: number
  /** Tiles of the picture, and of each part. */
  readonly count: number
  readonly tilesEach: number
}

/** @throws ApiError for arguments that cannot be */
function planTiling(context: ScriptContext): Tiling {
  const { request, args } = context
  const [, overlapGiven, upscalerGiven, factorGiven] = args
  const tile = { width: request.count('width'), height: request.count('height') }
  const overlap = takeInteger(overlapGiven, 'overlap', [0, MAX_OVERLAP])
  const factor = takeNumber(factorGiven, 'scale_factor', [0, MAX_FACTOR])
  const name = findByNameOrIndex(context, upscalerGiven ?? null)
  const upscaler = name === 'None' ? undefined : name
  const source = requireSource(context)
  const toSide = (side: number) => (upscaler === undefined ? side : toUpscaledSide(side, factor))
  const enlarged = { width: toSide(source.width), height: toSide(source.height) }
  const tilesEach = Math.max(request.count('batch_size'), 1)
  return { upscaler, factor, tile, overlap, count: countTiles(enlarged, tile, overlap), tilesEach }
}

/** The batches of tiles that make a picture, as often as pictures are wanted. */
function planParts(
  context: ScriptContext,
  { upscaler = 'None', count, tilesEach }: Tiling,
  seed: bigint,
): GenerationPlan[] {
  const { request, args, random } = context
  const partsEach = Math.ceil(count / tilesEach)
  const rounds = Math.max(request.count('n_iter'), 1)
  refuseTooManyParts(partsEach * rounds, count * rounds)
  const subseed = fixSeed(request.integer('subseed'), random)
  const parameters = [
    { key: 'SD upscale overlap', value: args[1] ?? null },
    { key: 'SD upscale upscaler', value: upscaler },
  ]
  const parts: GenerationPlan[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (let at = 0; at < partsEach; at += 1) {
      const size = Math.min(tilesEach, count - at * tilesEach)
      const changes: Record<string, ExactValue> = {
        ...{ seed: seed + BigInt(round + at), subseed, batch_size: BigInt(size), n_iter: 1n },
      }
      parts.push(context.plan(request.with(changes), { parameters }))
    }
  }
  return parts
}

function toTileWork(
  { models, options }: ScriptContext,
  { upscaler, factor, tile, overlap, count, tilesEach }: Tiling,
  image: BlobRef | undefined,
): TileWork {
  return {
    image,
    upscaler: upscaler === undefined ? undefined : toUpscaler(upscaler, models, options),
    factor,
    extension: undefined,
    ...{ tileWidth: tile.width, tileHeight: tile.height, overlap, tilesEach },
    partsEach: Math.ceil(count / tilesEach),
    backgroundColor: optionText(options, 'img2img_background_color'),
  }
}

/**
 * An upscaler by its name in any case, or by its place in the list.
 * @throws ApiError as A1111 fails for others
 */
function findByNameOrIndex({ models }: ScriptContext, given: ExactValue): string {
  const names = listUpscalers(models).map(({ name }) => name)
  if (typeof given === 'string') {
    const found = names.find((name) => name.toLowerCase() === given.toLowerCase())
    if (found !== undefined) return found
    throw pythonException('ValueError', `'${given.toLowerCase()}' is not in list`)
  }
  const index = takeInteger(given, 'upscaler_index', [-names.length, Number.MAX_SAFE_INTEGER])
  const found = names.at(index)
  if (found === undefined) throw pythonException('IndexError', 'list index out of range')
  return found
}

interface Size {
  readonly width: number
  readonly height: number
}

/**
 * Tiles of a picture.
 * @throws ApiError where tiles are no larger than what they overlap by, or there is none
 */
export function countTiles(picture: Size, tile: Size, overlap: number): number {
  if (overlap >= tile.width || overlap >= tile.height) {
    const given = `${tile.width}x${tile.height}`
    throw pythonException('ValueError', `overlap must be smaller than the tiles (${given}), got ${overlap}`)
  }
  const across = spreadTiles({ size: picture.width, tile: tile.width, overlap })
  const down = spreadTiles({ size: picture.height, tile: tile.height, overlap })
  if (across.length === 0 || down.length === 0) throw pythonException('IndexError', 'list index out of range')
  return across.length * down.length
}
