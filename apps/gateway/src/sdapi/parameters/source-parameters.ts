import type { GenerationPlan } from '../generation/generation-plan.ts'
import { parameterUnless, type Parameter } from './parameter.ts'

/** What masked areas hold before sampling, by the request's number; 1 and others say nothing. */
const MASKED_CONTENT: ReadonlyMap<number, string> = new Map([
  [0, 'fill'],
  [2, 'latent noise'],
  [3, 'latent nothing'],
])

/** What an image-to-image job adds for its strength and mask. */
export function listInpaintParameters({ request, pictures }: GenerationPlan): Parameter[] {
  const strength: Parameter = { key: 'Denoising strength', value: request.value('denoising_strength') }
  if (pictures.mask === 'none') return [strength]
  const isOnlyMasked = request.value('inpaint_full_res') !== false
  const isInverted = request.count('inpainting_mask_invert') !== 0
  const content = MASKED_CONTENT.get(request.count('inpainting_fill'))
  // A mask of the masked area alone that selects nothing counts as no mask from here on.
  const isFilled = pictures.mask === 'filled'
  return [
    strength,
    ...(isInverted ? [{ key: 'Mask mode', value: 'Inpaint not masked' }] : []),
    ...listBlur(request),
    ...(isOnlyMasked && isFilled
      ? [
          { key: 'Inpaint area', value: 'Only masked' },
          { key: 'Masked area padding', value: request.value('inpaint_full_res_padding') },
        ]
      : []),
    ...(content !== undefined && (isFilled || !isOnlyMasked)
      ? [{ key: 'Masked content', value: content }]
      : []),
  ]
}

/** Blurs that differ across and down have no name in the infotext. */
function listBlur(request: GenerationPlan['request']): Parameter[] {
  const both = request.integer('mask_blur')
  const [x, y] = [both ?? request.integer('mask_blur_x') ?? 0n, both ?? request.integer('mask_blur_y') ?? 0n]
  if (x <= 0n && y <= 0n) return []
  return [{ key: 'Mask blur', value: x === y ? x : null }]
}

/** What an image-to-image job adds for the noise over its source. */
export function listSourceParameters({ request, options, ownOptions }: GenerationPlan): Parameter[] {
  // The option counts as the tenant has it: A1111 reads it before a request's overrides.
  const multiplier =
    request.value('initial_noise_multiplier') ?? ownOptions.get('initial_noise_multiplier') ?? null
  return [...parameterUnless('Noise multiplier', multiplier, 1), ...listExtraNoise(options)]
}

/** The option that adds noise to what a pass starts from, told by passes that start from a picture. */
export function listExtraNoise(options: GenerationPlan['options']): Parameter[] {
  return parameterUnless('Extra noise', options.get('img2img_extra_noise') ?? null, 0)
}
