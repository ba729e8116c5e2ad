import { spreadTiles, toUpscaledSide } from '@atelier/catalog'
import type { ExactValue } from '@atelier/catalog/exact-json'
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
    const { request } = context
    const [, overlapGiven, upscalerGiven, factorGiven] = context.args
    const tile = { width: request.count('width'), height: request.count('height') }
    const overlap = takeInteger(overlapGiven, 'overlap', [0, MAX_OVERLAP])
    const factor = takeNumber(factorGiven, 'scale_factor', [0, MAX_FACTOR])
    const upscaler = findByNameOrIndex(context, upscalerGiven ?? null)
    const source = requireSource(context)
    const isEnlarged = upscaler !== 'None'
    const toSide = (side: number) => (isEnlarged ? toUpscaledSide(side, factor) : side)
    const tiles = countTiles({ width: toSide(source.width), height: toSide(source.height) }, tile, overlap)
    const batchSize = Math.max(request.count('batch_size'), 1)
    const partsEach = Math.ceil(tiles / batchSize)
    const parameters = [
      { key: 'SD upscale overlap', value: overlapGiven ?? null },
      { key: 'SD upscale upscaler', value: upscaler },
    ]
    const rounds = Math.max(request.count('n_iter'), 1)
    refuseTooManyParts(partsEach * rounds, tiles * rounds)
    const seed = fixSeed(request.integer('seed'), context.random)
    const subseed = fixSeed(request.integer('subseed'), context.random)
    const parts: GenerationPlan[] = []
    for (let round = 0; round < rounds; round += 1) {
      for (let at = 0; at < partsEach; at += 1) {
        const size = Math.min(batchSize, tiles - at * batchSize)
        const changes: Record<string, ExactValue> = {
          ...{ seed: seed + BigInt(round + at), subseed, batch_size: BigInt(size), n_iter: 1n },
        }
        parts.push(context.plan(request.with(changes), { parameters }))
      }
    }
    const { options } = context
    return {
      parts,
      names: parts.map((_, index) => `Batch ${index + 1} out of ${parts.length}`),
      makesSources: true,
      work: ({ sources }) => ({
        $case: 'tiles',
        value: {
          image: sources[0],
          upscaler: isEnlarged ? toUpscaler(upscaler, context.models, options) : undefined,
          factor,
          extension: undefined,
          ...{ tileWidth: tile.width, tileHeight: tile.height, overlap, tilesEach: batchSize, partsEach },
          backgroundColor: optionText(options, 'img2img_background_color'),
        },
      }),
      info: describeProcessed(context, parts, new Map([['seed', seed]])),
      answer: { texts: 'first' },
    }
  },
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
