import { spreadTiles } from '@atelier/catalog'
import { fixSeed } from '../generation/draw-seed.ts'
import { pythonException } from '../errors.ts'
import { settleExtension, type Sides } from './extension-sizes.ts'
import { refuseTooManyParts, requireSource } from './limits.ts'
import { describeProcessed } from './processed.ts'
import type { Script } from './script.ts'
import { countTiles } from './sd-upscale.ts'
import { takeChoice, takeInteger, takeTexts } from './values.ts'

const MAX_PIXELS = 2048
const MAX_BLUR = 128
/** What the new part may hold before it is drawn, by number. */
const CONTENTS = ['fill', 'original', 'latent noise', 'latent nothing']

/** Extends a picture, drawing the tiles that hold something new. */
export const POOR_MANS_OUTPAINTING: Script = {
  title: "poor man's outpainting",
  args: ['pixels', 'mask_blur', 'inpainting_fill', 'direction'],
  plan(context) {
    const { request, args } = context
    const pixels = takeInteger(args[0], 'pixels', [0, MAX_PIXELS])
    const blur = takeInteger(args[1], 'mask_blur', [0, MAX_BLUR])
    const content = takeChoice(args[2], 'inpainting_fill', CONTENTS)
    const source = requireSource(context)
    const sides = settleExtension(source, pixels, takeTexts(args[3], 'direction'))
    const tile = { width: request.count('width'), height: request.count('height') }
    const whole = {
      width: source.width + sides.left + sides.right,
      height: source.height + sides.up + sides.down,
    }
    countTiles(whole, tile, pixels)
    const count = countNewTiles(whole, { tile, overlap: pixels, sides })
    refuseTooManyParts(count, count)
    if (count === 0) throw pythonException('ValueError', 'there is nothing to extend')
    const seed = fixSeed(request.integer('seed'), context.random)
    const common = {
      ...{ mask_blur: BigInt(blur * 2), inpainting_fill: BigInt(content), inpaint_full_res: false },
      ...{ n_iter: 1n, batch_size: 1n },
    }
    const parts = Array.from({ length: count }, (_, at) =>
      context.plan(request.with({ ...common, seed: seed + BigInt(at) }), { makesMask: true }),
    )
    return {
      parts,
      names: parts.map((_, index) => `Batch ${index + 1} out of ${count}`),
      ...{ makesSources: true, makesMask: true },
      work: ({ sources }) => ({
        $case: 'tiles',
        value: {
          ...{ image: sources[0], upscaler: undefined, factor: 1 },
          extension: { ...sides, maskMargin: blur * 2, latentMargin: Math.floor(blur / 2) },
          ...{ tileWidth: tile.width, tileHeight: tile.height, overlap: pixels },
          ...{ tilesEach: 1, partsEach: count, backgroundColor: '' },
        },
      }),
      info: describeProcessed(context, parts),
      answer: { texts: 'first' },
    }
  },
}

interface Tiling {
  readonly tile: { readonly width: number; readonly height: number }
  readonly overlap: number
  readonly sides: Sides
}

/** Tiles that hold more than what was there before. */
function countNewTiles(
  { width, height }: { width: number; height: number },
  { tile, overlap, sides }: Tiling,
): number {
  const isOld = (at: number, length: number, [from, to]: [number, number]) => at >= from && at + length <= to
  const oldAcross = spreadTiles({ size: width, tile: tile.width, overlap }).map((at) =>
    isOld(at, tile.width, [sides.left, width - sides.right]),
  )
  const oldDown = spreadTiles({ size: height, tile: tile.height, overlap }).map((at) =>
    isOld(at, tile.height, [sides.up, height - sides.down]),
  )
  return oldDown.flatMap((down) => oldAcross.map((across) => down && across)).filter((isKept) => !isKept)
    .length
}
