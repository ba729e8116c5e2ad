import { MaskedContent, ResizeMode, type BlobRef, type GenerationJob, type InpaintMask } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { optionFlag, optionNumber, optionText } from '../options/options-store.ts'
import { toSoftInpainting } from '../parameters/soft-inpainting.ts'
import type { GenerationPlan } from './generation-plan.ts'
import type { PlacedPictures } from './placed-pictures.ts'
import { toUpscaler } from './to-upscaler.ts'

/** Limits of a mask's blur (sigma) and padding, pixels. */
const MAX_MASK_BLUR = 256
const MAX_MASK_PADDING = 1024

/** By number; whatever else is asked for fills, as in A1111. */
const RESIZE_MODES = [
  ResizeMode.RESIZE_MODE_STRETCH,
  ResizeMode.RESIZE_MODE_CROP,
  ResizeMode.RESIZE_MODE_FILL,
  ResizeMode.RESIZE_MODE_LATENT,
] as const
const MASKED_CONTENTS = [
  MaskedContent.MASKED_CONTENT_FILL,
  MaskedContent.MASKED_CONTENT_ORIGINAL,
  MaskedContent.MASKED_CONTENT_NOISE,
  MaskedContent.MASKED_CONTENT_NOTHING,
] as const

/** The pictures of image to image, and what of them is redone; undefined for text to image. */
export function toSource(
  plan: GenerationPlan,
  { sources, mask, makesMask }: PlacedPictures,
  models: ModelIndex,
): GenerationJob['source'] {
  const { request, options, ownOptions, isImageToImage } = plan
  if (!isImageToImage) return undefined
  return {
    images: [...sources],
    strength: Math.min(Math.max(request.number('denoising_strength') ?? 0.75, 0), 1),
    resizeMode: RESIZE_MODES[request.number('resize_mode') ?? 0] ?? ResizeMode.RESIZE_MODE_FILL,
    noiseMultiplier:
      request.number('initial_noise_multiplier') ?? optionNumber(ownOptions, 'initial_noise_multiplier', 1),
    runAllSteps: optionFlag(options, 'img2img_fix_steps'),
    backgroundColor: optionText(options, 'img2img_background_color'),
    mask: mask !== undefined || makesMask === true ? toMask(plan, mask) : undefined,
    correctColors: optionFlag(options, 'img2img_color_correction'),
    upscaler: toUpscaler(optionText(options, 'upscaler_for_img2img'), models, options),
    decodedNoise: plan.decodedNoise,
  }
}

function toMask(plan: GenerationPlan, image: BlobRef | undefined): InpaintMask {
  const { request, options } = plan
  const soft = toSoftInpainting(plan)
  const blur = request.number('mask_blur')
  const side = (name: string) => Math.min(Math.max(blur ?? request.number(name) ?? 4, 0), MAX_MASK_BLUR)
  return {
    image,
    latentImage: undefined,
    blurX: side('mask_blur_x'),
    blurY: side('mask_blur_y'),
    invert: request.count('inpainting_mask_invert') !== 0,
    // Soft inpainting lives on the mask's greys.
    round: soft === undefined && request.value('mask_round') !== false,
    soft,
    content: MASKED_CONTENTS[request.count('inpainting_fill')] ?? MaskedContent.MASKED_CONTENT_ORIGINAL,
    onlyMasked: request.value('inpaint_full_res') !== false,
    padding: Math.min(Math.max(request.count('inpaint_full_res_padding'), 0), MAX_MASK_PADDING),
    omitOverlay: !optionFlag(options, 'overlay_inpaint'),
    returnMask: optionFlag(options, 'return_mask'),
    returnComposite: optionFlag(options, 'return_mask_composite'),
  }
}
