import type { GenerationJob } from '@atelier/proto'
import type { GenerationPlan } from './generation-plan.ts'
import type { InfotextNumber } from '../infotext/create-infotext.ts'
import { optionNumber } from '../options/options-store.ts'

/** Channels of a checkpoint's UNet that inpaints: a mask and a masked picture beside the latent. */
const INPAINT_CHANNELS = 9

/** Channels of one that edits pictures (instruct-pix2pix): the picture's latent beside the one that is denoised. */
const EDIT_CHANNELS = 8

/** What only some families of checkpoints look at: SDXL's sizes and scores, masks and pictures beside the latent. */
export function toModelConditions({
  options,
  request,
  isImageToImage,
}: Pick<GenerationPlan, 'options' | 'request' | 'isImageToImage'>): Pick<
  GenerationJob,
  'label' | 'imageGuidanceScale' | 'conditioningMaskWeight'
> {
  const whole = (name: string) => Math.trunc(optionNumber(options, name, 0))
  return {
    label: {
      cropLeft: whole('sdxl_crop_left'),
      cropTop: whole('sdxl_crop_top'),
      negativeScore: optionNumber(options, 'sdxl_refiner_low_aesthetic_score', 2.5),
      positiveScore: optionNumber(options, 'sdxl_refiner_high_aesthetic_score', 6),
    },
    imageGuidanceScale: isImageToImage ? (request.number('image_cfg_scale') ?? undefined) : undefined,
    conditioningMaskWeight: optionNumber(options, 'inpainting_mask_weight', 1),
  }
}

/** Whether the checkpoint is shown a mask, or, of text to image, anything beside the latent (as A1111 tells it). */
export function isShownMask({
  checkpoint: { inputChannels },
  isImageToImage,
}: Pick<GenerationPlan, 'checkpoint' | 'isImageToImage'>): boolean {
  return inputChannels === INPAINT_CHANNELS || (inputChannels === EDIT_CHANNELS && !isImageToImage)
}

/** The weight of the mask as the infotext tells it: of checkpoints that are shown one. */
export function conditionalMaskWeight(plan: GenerationPlan): InfotextNumber | undefined {
  const { options } = plan
  return isShownMask(plan) ? optionNumber(options, 'inpainting_mask_weight', 1) : undefined
}

/** The weight of the source picture as the infotext tells it: of pictures that an editing checkpoint made. */
export function shownImageGuidanceScale({
  checkpoint,
  isImageToImage,
  request,
}: GenerationPlan): InfotextNumber | undefined {
  const isUsed = isImageToImage && checkpoint.inputChannels === EDIT_CHANNELS
  // As it was written: a float is told as one.
  return isUsed ? ((request.value('image_cfg_scale') as InfotextNumber | null) ?? undefined) : undefined
}
