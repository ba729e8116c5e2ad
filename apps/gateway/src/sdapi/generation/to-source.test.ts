import { MaskedContent, ResizeMode, type GenerationJob } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { generationOf, type PlainBody, type RequestWorld } from '../test-kit/plan-request.ts'

const PICTURE = { key: 'inputs/open/a', sizeBytes: 1, sha256: 'a', mediaType: 'image/png' }
const MASK = { ...PICTURE, key: 'inputs/open/mask' }

/** Image to image over one picture, with a mask where one is said to be there. */
function redrawOf(body: PlainBody, world: RequestWorld = {}, mask?: typeof MASK): GenerationJob['source'] {
  const pictures = { mask: mask === undefined ? 'none' : 'filled', sourceHash: undefined } as const
  const placed = { sources: [PICTURE], ...(mask && { mask }) }
  return generationOf(body, { pictures, ...world, isImageToImage: true }, placed).source
}

describe('the source of a generation', () => {
  it('is there for image to image alone', () => {
    expect(generationOf({}).source).toBeUndefined()
    expect(redrawOf({})).toMatchObject({ images: [PICTURE], strength: 0.75, mask: undefined })
  })

  it.each([
    [0, 0],
    [2, 1],
    [-1, 0],
  ])('is redone to a share between 0 and 1: %d as %d', (denoising_strength, strength) => {
    expect(redrawOf({ denoising_strength })?.strength).toBe(strength)
  })

  // A1111 answered 200 to each of these (img2img.jsonl: resize-0 to resize-4, resize--1).
  it.each([
    [0, ResizeMode.RESIZE_MODE_STRETCH],
    [1, ResizeMode.RESIZE_MODE_CROP],
    [2, ResizeMode.RESIZE_MODE_FILL],
    [3, ResizeMode.RESIZE_MODE_LATENT],
    [4, ResizeMode.RESIZE_MODE_FILL],
    [-1, ResizeMode.RESIZE_MODE_FILL],
  ])('is resized by the mode %d', (resize_mode, expected) => {
    expect(redrawOf({ resize_mode })?.resizeMode).toBe(expected)
  })

  it('takes the factor on its noise from the tenant’s options, not from the overrides of the request', () => {
    const options = { initial_noise_multiplier: 0.9 }
    const override_settings = { initial_noise_multiplier: 0.5 }
    expect(redrawOf({ override_settings }, { options })?.noiseMultiplier).toBe(0.9)
    expect(redrawOf({ initial_noise_multiplier: 1.2 }, { options })?.noiseMultiplier).toBe(1.2)
  })

  it('has a mask with the original’s defaults', () => {
    expect(redrawOf({}, {}, MASK)?.mask).toMatchObject({
      ...{ image: MASK, blurX: 4, blurY: 4, invert: false, round: true, onlyMasked: true, padding: 0 },
      ...{ content: MaskedContent.MASKED_CONTENT_FILL, omitOverlay: false },
      ...{ returnMask: false, returnComposite: false, soft: undefined },
    })
  })

  it.each([
    [
      { mask_blur: 9, mask_blur_x: 1, mask_blur_y: 2 },
      { blurX: 9, blurY: 9 },
    ],
    [
      { mask_blur_x: 1, mask_blur_y: 2 },
      { blurX: 1, blurY: 2 },
    ],
    [{ mask_blur: 0 }, { blurX: 0, blurY: 0 }],
    [{ mask_blur: 100_000 }, { blurX: 256, blurY: 256 }],
    [{ inpainting_mask_invert: 2 }, { invert: true }],
    [{ mask_round: false }, { round: false }],
    [{ inpaint_full_res: false }, { onlyMasked: false }],
    [{ inpaint_full_res_padding: -8 }, { padding: 0 }],
    [{ inpainting_fill: 1 }, { content: MaskedContent.MASKED_CONTENT_ORIGINAL }],
    [{ inpainting_fill: 2 }, { content: MaskedContent.MASKED_CONTENT_NOISE }],
    [{ inpainting_fill: 3 }, { content: MaskedContent.MASKED_CONTENT_NOTHING }],
    [
      { override_settings: { overlay_inpaint: false, return_mask: true } },
      { omitOverlay: true, returnMask: true },
    ],
  ])('masks as %j says', (body, expected) => {
    expect(redrawOf(body, {}, MASK)?.mask).toMatchObject(expected)
  })

  it('keeps the greys of a mask for soft inpainting', () => {
    const alwayson_scripts = { 'Soft Inpainting': { args: [true, 2, 0.25] } }
    expect(redrawOf({ alwayson_scripts }, {}, MASK)?.mask).toMatchObject({
      round: false,
      soft: { scheduleBias: 2, preservationStrength: 0.25, contrastBoost: 4, differenceContrast: 2 },
    })
    expect(() =>
      redrawOf({ alwayson_scripts: { 'soft inpainting': { args: [true, 9] } } }, {}, MASK),
    ).toThrow('Soft inpainting schedule bias must be a number between 0 and 8, got 9')
  })
})
