import { OutpaintSide, type OutpaintStep } from '@atelier/proto'
import { pythonException } from '../errors.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { settleExtension, type Sides } from './extension-sizes.ts'
import { refuseTooManyParts, requireSource } from './limits.ts'
import { describeProcessed } from './processed.ts'
import type { Script } from './script.ts'
import { takeInteger, takeNumber, takeTexts } from './values.ts'

const MAX_PIXELS = 2048
const MAX_BLUR = 64
const MAX_EXPONENT = 16
const ORIGINAL_CONTENT = 1n
/** Sides of the canvas of a step are whole multiples of this, pixels. */
const CANVAS_MULTIPLE = 64
/** A mask's blur is this many times the script's. */
const BLUR_FACTOR = 4

/** Extends a picture side by side over noise that is shaped like it. */
export const OUTPAINTING_MK2: Script = {
  title: 'outpainting mk2',
  args: ['_', 'pixels', 'mask_blur', 'direction', 'noise_q', 'color_variation'],
  plan(context) {
    const { request, args } = context
    const pixels = takeInteger(args[1], 'pixels', [0, MAX_PIXELS])
    const blur = takeInteger(args[2], 'mask_blur', [0, MAX_BLUR])
    const noiseExponent = takeNumber(args[4], 'noise_q', [0, MAX_EXPONENT])
    const colorVariation = takeNumber(args[5], 'color_variation', [0, 1])
    const source = requireSource(context)
    const directions = pixels === 0 ? [] : takeTexts(args[3], 'direction')
    const sides = settleExtension(source, pixels, directions)
    const steps = planSteps(source, sides, request.count('width'), request.count('height'))
    if (steps.length === 0) throw pythonException('ValueError', 'there is nothing to extend')
    const rounds = Math.max(request.count('n_iter'), 1)
    const images = Math.max(request.count('batch_size'), 1) * rounds
    refuseTooManyParts(steps.length * rounds, images * steps.length)
    const common = {
      mask_blur: null,
      mask_blur_x: BigInt(sides.left + sides.right > 0 ? blur * BLUR_FACTOR : 0),
      mask_blur_y: BigInt(sides.up + sides.down > 0 ? blur * BLUR_FACTOR : 0),
      ...{ inpaint_full_res: false, inpainting_fill: ORIGINAL_CONTENT, n_iter: 1n },
    }
    const parts: GenerationPlan[] = []
    for (let round = 0; round < rounds; round += 1) {
      for (const { width, height } of steps) {
        const size = { width: BigInt(width), height: BigInt(height) }
        parts.push(context.plan(request.with({ ...common, ...size }), { makesMask: true }))
      }
    }
    return {
      parts,
      names: parts.map((_, index) => `Batch ${Math.floor(index / steps.length) + 1} out of ${rounds}`),
      ...{ makesSources: true, makesMask: true },
      work: ({ sources }) => ({
        $case: 'outpaint',
        value: {
          image: sources[0],
          steps: steps.map(({ step }) => step),
          ...{ maskBlur: blur, noiseExponent, colorVariation },
        },
      }),
      info: describeProcessed(context, parts),
      answer: { texts: 'first', grid: { kind: 'square' } },
    }
  },
}

interface SizedStep {
  readonly step: OutpaintStep
  /** Size of the piece that is drawn, pixels. */
  readonly width: number
  readonly height: number
}

/** The sides that are extended, in the original's order, and the size of the piece each one draws. */
function planSteps(
  source: { readonly width: number; readonly height: number },
  sides: Sides,
  maxWidth: number,
  maxHeight: number,
): SizedStep[] {
  const order = [
    { side: OutpaintSide.OUTPAINT_SIDE_LEFT, pixels: sides.left, isAcross: true },
    { side: OutpaintSide.OUTPAINT_SIDE_RIGHT, pixels: sides.right, isAcross: true },
    { side: OutpaintSide.OUTPAINT_SIDE_UP, pixels: sides.up, isAcross: false },
    { side: OutpaintSide.OUTPAINT_SIDE_DOWN, pixels: sides.down, isAcross: false },
  ]
  const round = (size: number) => Math.ceil(size / CANVAS_MULTIPLE) * CANVAS_MULTIPLE
  let { width, height } = source
  return order
    .filter(({ pixels }) => pixels > 0)
    .map(({ side, pixels, isAcross }) => {
      width += isAcross ? pixels : 0
      height += isAcross ? 0 : pixels
      return {
        step: { side, pixels },
        width: isAcross ? Math.min(maxWidth, width) : round(width),
        height: isAcross ? round(height) : Math.min(maxHeight, height),
      }
    })
}
