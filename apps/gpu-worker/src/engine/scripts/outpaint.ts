import { OutpaintSide, type GenerationJob, type OutpaintStep, type OutpaintWork } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import { dropAlpha } from '../inpaint/alpha.ts'
import { cropPixels, type Box } from '../inpaint/crop-region.ts'
import { takeRed, toColours, type Grey } from '../inpaint/grey.ts'
import { createPicture, drawFrame, pastePicture } from './frames.ts'
import { fillWithMatchedNoise } from './matched-noise.ts'
import type { PartRunner } from './part-runner.ts'

/** Sides of the canvas a step works on are whole multiples of this, pixels. */
const CANVAS_MULTIPLE = 64

/**
 * Extends a picture side by side (A1111's outpainting mk2): each part draws over noise shaped like the picture at one
 * side, and the next one starts from the result. Parts of the same images repeat the sides from the first picture. A
 * cancelled script ends with the pictures whose sides are all drawn, and those under way as they are.
 */
export async function outpaint(
  work: OutpaintWork,
  parts: readonly GenerationJob[],
  runner: PartRunner,
): Promise<Pixels[]> {
  const source = dropAlpha(await runner.read(work.image))
  const results: Pixels[] = []
  for (let first = 0; first < parts.length && !runner.isStopped; first += work.steps.length) {
    let pictures = parts[first]!.images.map(() => source)
    for (const [at, step] of work.steps.entries()) {
      if (runner.isStopped) break
      pictures = await extendAll(
        pictures,
        { work, step, part: parts[first + at]!, index: first + at },
        runner,
      )
    }
    results.push(...pictures)
  }
  return results
}

interface Extending {
  readonly work: OutpaintWork
  readonly step: OutpaintStep
  readonly part: GenerationJob
  readonly index: number
}

async function extendAll(
  pictures: readonly Pixels[],
  { work, step, part, index }: Extending,
  runner: PartRunner,
): Promise<Pixels[]> {
  const frame = planFrame(pictures[0]!, step, work.maskBlur)
  const shape = { exponent: work.noiseExponent, colourVariation: work.colorVariation }
  const canvases = pictures.map((picture) => fillWithMatchedNoise(frame.place(picture), frame.mask, shape))
  const box = findPiece(frame, step.side, part)
  const { pictures: drawn } = await runner.run(index, {
    sources: canvases.map((canvas) => cropPixels(canvas, box)),
    mask: takeRed(cropPixels(toColours(frame.mask), box)),
    latentMask: drawLatentMask(part, step, { frame, blur: work.maskBlur }),
  })
  return canvases.map((canvas, i) => {
    if (drawn[i] !== undefined) pastePicture(canvas, drawn[i], box)
    return cropPixels(canvas, { left: 0, top: 0, right: frame.width, bottom: frame.height })
  })
}

interface Frame {
  /** Size of the picture with the new side, pixels. */
  readonly width: number
  readonly height: number
  /** Of the canvas, white where it is new. */
  readonly mask: Grey
  /** Puts a picture where it stays. */
  place(picture: Pixels): Pixels
}

function planFrame(picture: Pixels, { side, pixels }: OutpaintStep, blur: number): Frame {
  const isAcross = side === OutpaintSide.OUTPAINT_SIDE_LEFT || side === OutpaintSide.OUTPAINT_SIDE_RIGHT
  const width = picture.width + (isAcross ? pixels : 0)
  const height = picture.height + (isAcross ? 0 : pixels)
  const round = (size: number) => Math.ceil(size / CANVAS_MULTIPLE) * CANVAS_MULTIPLE
  const [canvasWidth, canvasHeight] = [round(width), round(height)]
  const margin = pixels + blur
  const mask = drawFrame(canvasWidth, canvasHeight, {
    left: side === OutpaintSide.OUTPAINT_SIDE_LEFT ? margin : 0,
    top: side === OutpaintSide.OUTPAINT_SIDE_UP ? margin : 0,
    right: side === OutpaintSide.OUTPAINT_SIDE_RIGHT ? canvasWidth - margin : width,
    bottom: side === OutpaintSide.OUTPAINT_SIDE_DOWN ? canvasHeight - margin : height,
  })
  return {
    ...{ width, height, mask },
    place: (one) => {
      const canvas = createPicture(canvasWidth, canvasHeight)
      pastePicture(canvas, one, {
        left: side === OutpaintSide.OUTPAINT_SIDE_LEFT ? pixels : 0,
        top: side === OutpaintSide.OUTPAINT_SIDE_UP ? pixels : 0,
      })
      return canvas
    },
  }
}

/** The piece of the canvas that a part draws: at the new side, of the part's size. */
function findPiece({ mask }: Frame, side: OutpaintSide, { width, height }: GenerationJob): Box {
  const left = side === OutpaintSide.OUTPAINT_SIDE_LEFT ? 0 : mask.width - width
  const top = side === OutpaintSide.OUTPAINT_SIDE_UP ? 0 : mask.height - height
  return { left, top, right: left + width, bottom: top + height }
}

function drawLatentMask(
  { width, height }: GenerationJob,
  { side, pixels }: OutpaintStep,
  { frame, blur }: { frame: Frame; blur: number },
): Grey {
  const margin = pixels + 2 * blur
  return drawFrame(width, height, {
    left: side === OutpaintSide.OUTPAINT_SIDE_LEFT ? margin : 0,
    top: side === OutpaintSide.OUTPAINT_SIDE_UP ? margin : 0,
    right: side === OutpaintSide.OUTPAINT_SIDE_RIGHT ? width - margin : frame.width,
    bottom: side === OutpaintSide.OUTPAINT_SIDE_DOWN ? height - margin : frame.height,
  })
}
