import { ResizeMode, type ControlUnit, type GenerationJob, type SourceImages } from '@atelier/proto'
import { joinAlpha } from '../../control/join-alpha.ts'
import { flattenOnWhite } from '../../control/preprocess/working-picture.ts'
import { EngineError } from '../../engine-error.ts'
import type { Pixels } from '../../image/pixels.ts'
import { blurMask } from '../../inpaint/blur-mask.ts'
import { cropPixels, expandBox, findMaskedBox } from '../../inpaint/crop-region.ts'
import { invertGrey, takeRed, toColours, toLuminance, type Grey } from '../../inpaint/grey.ts'
import { fitImage } from '../../source-image/fit-image.ts'
import { readImage } from '../../source-image/read-image.ts'

/** Masks that are this dark, or this bright, throughout say nothing. */
const BLANK = { dark: 5, bright: 250 }

/** The picture a control is made of. */
export interface ControlInput {
  /** With its mask as alpha (white = repaint) for controls that inpaint. */
  readonly picture: Pixels
  readonly mode: ResizeMode
}

/** Bytes of a job's blobs by key. */
export type JobInputs = ReadonlyMap<string, Uint8Array>

/**
 * Takes the picture of a unit as the ControlNet extension does: its own, with its mask, or the job's first source with
 * the job's mask and resize mode; where the job draws the masked part alone, that part of it.
 * @throws EngineError when there is no picture, or it cannot be read
 */
export async function chooseInput(
  unit: ControlUnit,
  job: GenerationJob,
  inputs: JobInputs,
): Promise<ControlInput> {
  const isInpainting = isInpaintModule(unit.preprocessing?.module ?? '')
  const sourceMask = await readSourceMask(job.source, inputs)
  const chosen =
    unit.image === undefined
      ? await takeSource(job.source, { mask: sourceMask, isInpainting, inputs })
      : await takeOwn(unit, { isInpainting, inputs })
  const isCut = job.source?.mask?.onlyMasked === true && unit.cropToMask && sourceMask !== undefined
  return isCut ? cutToMask(chosen, sourceMask, job) : chosen
}

/** Whether a preprocessor's pictures carry a mask. */
export function isInpaintModule(module: string): boolean {
  return module.includes('inpaint')
}

interface Taking {
  readonly isInpainting: boolean
  readonly inputs: JobInputs
}

async function takeOwn(unit: ControlUnit, { isInpainting, inputs }: Taking): Promise<ControlInput> {
  const colours = flattenOnWhite(await readImage(readInput(inputs, unit.image!.key)))
  const mask = unit.mask && takeRed(flattenOnWhite(await readImage(readInput(inputs, unit.mask.key))))
  const mode = unit.resizeMode || ResizeMode.RESIZE_MODE_CROP
  if (isInpainting) return { picture: joinAlpha(colours, mask), mode }
  const isDrawing = mask !== undefined && !unit.ignoreMask && !isBlank(mask)
  return { picture: isDrawing ? toColours(mask) : colours, mode }
}

function isBlank({ data }: Grey): boolean {
  return data.every((value) => value <= BLANK.dark) || data.every((value) => value >= BLANK.bright)
}

async function takeSource(
  source: SourceImages | undefined,
  { mask, isInpainting, inputs }: Taking & { mask: Grey | undefined },
): Promise<ControlInput> {
  const [first] = source?.images ?? []
  if (source === undefined || first === undefined)
    throw new EngineError('invalid-request', 'controlnet is enabled but no input image is given')
  const colours = flattenOnWhite(await readImage(readInput(inputs, first.key)))
  const isLatent = source.resizeMode === ResizeMode.RESIZE_MODE_LATENT
  const mode = isLatent ? ResizeMode.RESIZE_MODE_STRETCH : source.resizeMode || ResizeMode.RESIZE_MODE_STRETCH
  return { picture: isInpainting ? joinAlpha(colours, mask) : colours, mode }
}

async function readSourceMask(
  source: SourceImages | undefined,
  inputs: JobInputs,
): Promise<Grey | undefined> {
  const mask = source?.mask
  if (mask?.image === undefined) return undefined
  const read = toLuminance(await readImage(readInput(inputs, mask.image.key)))
  return blurMask(mask.invert ? invertGrey(read) : read, mask.blurX, mask.blurY)
}

/** The part of a picture that a job's mask covers, at the job's size. */
function cutToMask({ picture, mode }: ControlInput, mask: Grey, job: GenerationJob): ControlInput {
  const found = findMaskedBox(mask, job.source?.mask?.padding ?? 0)
  if (found === undefined) return { picture, mode }
  const size = { width: job.width, height: job.height }
  const box = expandBox(found, size, mask)
  const cut = (colours: Pixels): Pixels => {
    const fitted = fitImage(colours, mask.width, mask.height, mode)
    return fitImage(cropPixels(fitted, box), size.width, size.height, ResizeMode.RESIZE_MODE_FILL)
  }
  if (picture.channels === 3) return { picture: cut(picture), mode }
  const [colours, alpha] = splitAlpha(picture)
  return { picture: joinAlpha(cut(colours), takeRed(cut(toColours(alpha)))), mode }
}

function splitAlpha({ width, height, data }: Pixels): [Pixels, Grey] {
  const colours = new Uint8Array(width * height * 3)
  const alpha = new Uint8Array(width * height)
  for (let i = 0; i < alpha.length; i += 1) {
    colours.set(data.subarray(4 * i, 4 * i + 3), 3 * i)
    alpha[i] = data[4 * i + 3]!
  }
  return [
    { width, height, channels: 3, data: colours },
    { width, height, data: alpha },
  ]
}

/** Bytes of a blob. @throws EngineError when they are gone */
export function readInput(inputs: JobInputs, key: string): Uint8Array {
  const bytes = inputs.get(key)
  if (bytes === undefined) throw new EngineError('internal', `the picture ${key} is not stored any more`)
  return bytes
}
