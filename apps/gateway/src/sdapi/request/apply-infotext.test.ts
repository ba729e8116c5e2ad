import { toExact, type ExactObject, type PlainValue } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import { toPlanInputs, type PlainBody } from '../test-kit/plan-request.ts'
import { applyInfotext } from './apply-infotext.ts'
import { IMG2IMG_FIELDS, TXT2IMG_FIELDS } from './generation-fields.data.ts'
import { validateFields } from './validate.ts'

const TEXT = `a lighthouse
Negative prompt: rain
Steps: 7, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4.5, Seed: 99, Size: 72x56, Model hash: e759340ef1, Clip skip: 2`

/** The fields of a request after its infotext. */
function apply(
  body: Readonly<Record<string, PlainValue>>,
  { target = 'txt2img', options = {} }: { target?: 'txt2img' | 'img2img'; options?: PlainBody } = {},
) {
  const given = toExact(body) as ExactObject
  const definitions = target === 'txt2img' ? TXT2IMG_FIELDS : IMG2IMG_FIELDS
  const inputs = toPlanInputs({ options })
  return applyInfotext(validateFields(given, definitions), given, { target, definitions, ...inputs })
}
const overridesOf = (...given: Parameters<typeof apply>) =>
  Object.fromEntries(apply(...given).get('override_settings') as ExactObject)

// webui-api.md 5.7: what A1111 1.10.1 does with the field.
describe('the infotext of a request', () => {
  it('fills the fields that the request does not name', () => {
    const fields = apply({ infotext: TEXT, cfg_scale: 9 })
    expect(fields.get('prompt')).toBe('a lighthouse')
    expect(fields.get('negative_prompt')).toBe('rain')
    expect([fields.get('steps'), fields.get('width'), fields.get('height')]).toEqual([7n, 72n, 56n])
    expect([fields.get('sampler_name'), fields.get('scheduler')]).toEqual(['DPM++ 2M', 'Karras'])
    expect(fields.get('cfg_scale'), 'what is named stays').toBe(9)
  })

  it('takes styles out of the prompts that the text tells', () => {
    const infotext = TEXT.replace('lighthouse', 'lighthouse, dark clouds').replace('rain', 'rain, bright')
    const fields = apply({ infotext })
    expect([fields.get('styles'), fields.get('prompt')]).toEqual([['Moody'], 'a lighthouse'])
  })

  it('leaves fields alone that are named with their default', () => {
    expect(apply({ infotext: TEXT, steps: 50, seed: -1 }).get('steps')).toBe(50n)
    expect(apply({ infotext: TEXT, steps: 50, seed: -1 }).get('seed')).toBe(-1n)
  })

  it('keeps every digit of a seed', () => {
    const infotext = TEXT.replace('Seed: 99', 'Seed: 9007199254740993, Variation seed: 18446744073709551615')
    const fields = apply({ infotext })
    expect(fields.get('seed')).toBe(9007199254740993n)
    expect(fields.get('subseed')).toBe(18446744073709551615n)
  })

  it('gives image to image its sampling alone', () => {
    const fields = apply({ infotext: TEXT }, { target: 'img2img' })
    expect([fields.get('steps'), fields.get('seed'), fields.get('prompt')]).toEqual([7n, 99n, ''])
    expect(fields.get('width')).toBe(512n)
  })

  it('turns a second pass on where the text tells of one', () => {
    const infotext = `${TEXT}, Denoising strength: 0.4, Hires upscale: 1.5, Hires upscaler: Lanczos`
    const fields = apply({ infotext })
    expect([fields.get('enable_hr'), fields.get('hr_scale'), fields.get('hr_upscaler')]).toEqual([
      ...[true, 1.5, 'Lanczos'],
    ])
    expect(apply({ infotext: TEXT }).get('enable_hr')).toBe(false)
  })

  it('overrides the options that it tells otherwise than they are', () => {
    expect(overridesOf({ infotext: TEXT })).toMatchObject({ CLIP_stop_at_last_layers: 2n })
    const isTwo = { options: { CLIP_stop_at_last_layers: 2 } }
    expect(overridesOf({ infotext: TEXT }, isTwo)).not.toHaveProperty('CLIP_stop_at_last_layers')
    const own = { override_settings: { CLIP_stop_at_last_layers: 4 } }
    expect(overridesOf({ infotext: TEXT, ...own }), 'the request has the last word').toMatchObject({
      CLIP_stop_at_last_layers: 4n,
    })
  })

  it('swaps the checkpoint only where the options let it', () => {
    const selected = { sd_model_checkpoint: 'tiny-b' }
    const swapped = { options: { ...selected, disable_weights_auto_swap: false } }
    expect(overridesOf({ infotext: TEXT }, swapped)).toMatchObject({ sd_model_checkpoint: 'e759340ef1' })
    const kept = { options: { ...selected, disable_weights_auto_swap: true } }
    expect(overridesOf({ infotext: TEXT }, kept)).not.toHaveProperty('sd_model_checkpoint')
  })

  it('refuses a number that is none', () => {
    expect(() => apply({ infotext: TEXT.replace('Steps: 7', 'Steps: many') })).toThrow('Steps: "many"')
  })

  it.each([null, ''])('is nothing where it is %j', (infotext) => {
    expect(apply({ infotext })).toEqual(apply({ infotext, steps: 50 }))
  })
})
