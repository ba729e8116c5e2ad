import type { GenerationJob } from '@atelier/proto'
import type { GenerationPlan } from './generation-plan.ts'
import { optionNumber } from './options/options-store.ts'

/** Channels of a checkpoint's UNet that inpaints: a mask and a masked picture beside the latent. */
const INPAINT_CHANNELS = 9

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

/** The weight of the mask as the infotext tells it: of pictures that an inpainting checkpoint was shown part of. */
export function conditionalMaskWeight({
  checkpoint,
  isImageToImage,
  options,
}: GenerationPlan): number | undefined {
  const isShown = isImageToImage && checkpoint.inputChannels === INPAINT_CHANNELS
  return isShown ? optionNumber(options, 'inpainting_mask_weight', 1) : undefined
}
