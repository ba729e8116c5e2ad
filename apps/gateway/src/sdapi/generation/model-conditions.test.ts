import { describe, expect, it } from 'vitest'
import type { GenerationPlan } from './generation-plan.ts'
import { conditionalMaskWeight, shownImageGuidanceScale, toModelConditions } from './model-conditions.ts'

const planOf = (options: Record<string, unknown>, scale: number | null = null, isImageToImage = true) =>
  ({
    options: new Map(Object.entries(options)),
    request: { number: () => scale, value: () => scale },
    isImageToImage,
    checkpoint: { inputChannels: 9 },
  }) as unknown as GenerationPlan

describe('what only some checkpoints look at', () => {
  it('has A1111’s defaults', () => {
    expect(toModelConditions(planOf({}))).toEqual({
      label: { cropLeft: 0, cropTop: 0, negativeScore: 2.5, positiveScore: 6 },
      imageGuidanceScale: undefined,
      conditioningMaskWeight: 1,
    })
  })

  it('takes the options, and the field of image to image alone', () => {
    const options = {
      ...{ sdxl_crop_left: 16n, sdxl_crop_top: 8n, inpainting_mask_weight: 0.5 },
      ...{ sdxl_refiner_low_aesthetic_score: 1.5, sdxl_refiner_high_aesthetic_score: 7 },
    }
    expect(toModelConditions(planOf(options, 1.5))).toEqual({
      label: { cropLeft: 16, cropTop: 8, negativeScore: 1.5, positiveScore: 7 },
      imageGuidanceScale: 1.5,
      conditioningMaskWeight: 0.5,
    })
    expect(toModelConditions(planOf(options, 1.5, false)).imageGuidanceScale).toBeUndefined()
  })

  // A1111 tells it of text to image with whatever takes channels beside the latent, of image to image with a mask's.
  it.each([
    [9, true, 0.5],
    [9, false, 0.5],
    [8, true, undefined],
    [8, false, 0.5],
    [4, true, undefined],
    [4, false, undefined],
  ])(
    'names the mask’s weight for checkpoints of %i channels, image to image %s: %s',
    (inputChannels, isImageToImage, weight) => {
      const plan = planOf({ inpainting_mask_weight: 0.5 }, null, isImageToImage)
      expect(conditionalMaskWeight({ ...plan, checkpoint: { inputChannels } } as GenerationPlan)).toBe(weight)
    },
  )

  it('names the weight of the source for checkpoints that edit pictures, from image to image', () => {
    const edit = (isImageToImage: boolean) =>
      ({ ...planOf({}, 1.5, isImageToImage), checkpoint: { inputChannels: 8 } }) as GenerationPlan
    expect(shownImageGuidanceScale(edit(true))).toBe(1.5)
    expect(shownImageGuidanceScale(edit(false))).toBeUndefined()
    expect(shownImageGuidanceScale(planOf({}, 1.5))).toBeUndefined()
  })
})
