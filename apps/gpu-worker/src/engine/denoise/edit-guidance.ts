import { createTensor } from '../tensor/tensor.ts'
import { combine, joinRows } from './combine.ts'
import { denoiseRows, toRows, type GuidanceOptions, type WeightedContext } from './guidance.ts'
import { PlanError } from './plan.ts'
import type { Denoiser } from './sampler.ts'

/** What a denoiser that edits pictures is made of. */
export interface EditGuidanceOptions extends GuidanceOptions {
  /** How closely the picture that is edited is kept. */
  readonly imageGuidanceScale: number
}

/**
 * InstructPix2Pix's guidance by text and by picture (Brooks et al. 2022, arXiv 2211.09800):
 * `u + text·(c - i) + image·(i - u)`, where i sees the picture and u neither.
 */
export function createEditDenoiser(options: EditGuidanceOptions): Denoiser {
  let calls = 0
  const textScale = options.guidanceScale * (options.plan.guidanceFactor ?? 1)
  const { imageGuidanceScale: imageScale } = options
  return async (latent, sigma) => {
    const call = calls
    calls += 1
    const { positive, negative } = options.conditioningAt(call)
    if (positive.some((contexts) => contexts.length !== 1))
      throw new PlanError(
        'AND is not supported for InstructPix2Pix checkpoint (unless using Image CFG scale = 1.0)',
      )
    const rows = toRows([...positive, ...negative, ...negative.map(hidePicture)])
    const images = latent.shape[0]!
    const places = rows.map((row) => ({ ...row, image: row.image % images }))
    const denoised = await denoiseRows(places, { latent, sigma, call, options })
    const part = (index: number) => joinRows(denoised.slice(index * images, (index + 1) * images))
    const [conditioned, seeing, blind] = [part(0), part(1), part(2)]
    const guided = combine(
      [textScale, conditioned],
      [imageScale - textScale, seeing],
      [1 - imageScale, blind],
    )
    return { latent: guided, unconditional: blind }
  }
}

function hidePicture(contexts: readonly WeightedContext[]): readonly WeightedContext[] {
  return contexts.map((context) => ({
    ...context,
    concat: context.concat && createTensor(context.concat.shape),
  }))
}
