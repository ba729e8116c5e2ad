import type { GenerationJob } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { listParameters } from '../../parameters/list-parameters.ts'
import { checkBody, toPlanInputs, type PlainBody, type RequestWorld } from '../../test-kit/plan-request.ts'
import { toGeneration } from '../../generation/to-job.ts'
import { planGeneration, type GenerationPlan } from '../../generation/generation-plan.ts'
import { listAxes } from './axes.ts'
import { readValues } from './axis-values.ts'
import type { AxisValue } from './axis.ts'

/** The request of a plot's cell at the text of a value, planned. */
function planAt(
  label: string,
  [text, ...others]: readonly string[],
  { body = {}, world = {} }: { body?: PlainBody; world?: RequestWorld } = {},
): GenerationPlan {
  const axis = listAxes(world.isImageToImage ?? false).find((one) => one.label === label)
  if (axis === undefined) throw new Error(`there is no axis ${label}`)
  const inputs = toPlanInputs(world)
  const values: AxisValue[] = readValues(axis, [text ?? '', ...others])
  axis.confirm?.(values, inputs.models)
  const request = checkBody({ prompt: 'a red fox', ...body }, world)
  return planGeneration(axis.apply(request, values[0]!, { values, models: inputs.models }), inputs)
}

function jobAt(...given: Parameters<typeof planAt>): GenerationJob {
  const plan = planAt(...given)
  const { models } = toPlanInputs(given[2]?.world)
  return toGeneration(plan, { sources: [] }, models, listParameters(plan, models))
}

const overridesOf = ({ request }: GenerationPlan) => Object.fromEntries(request.record('override_settings'))
const hires = { enable_hr: true, denoising_strength: 0.5 }

describe('an axis changes', () => {
  it.each([
    ['Seed', '7', { images: [{ seed: 7n }] }],
    ['Var. seed', '7', { images: [{ subseed: 7n }] }],
    ['Var. strength', '0.25', { noise: { subseedStrength: 0.25 } }],
    ['Steps', '12', { sampling: { steps: 12 } }],
    ['CFG Scale', '3.5', { sampling: { guidanceScale: 3.5 } }],
    ['Prompt order', 'red', { images: [{ prompt: 'a red fox' }] }],
    ['Sampler', 'Heun', { sampling: { sampler: 'heun' } }],
    ['Checkpoint name', 'sub/tiny-b.safetensors', { checkpoint: { name: 'sub/tiny-b.safetensors' } }],
    ['Checkpoint name', 'tiny-b', { checkpoint: { name: 'sub/tiny-b.safetensors' } }],
    ['Negative Guidance minimum sigma', '2', { sampling: { sMinUncond: 2 } }],
    ['Sigma Churn', '4', { sampling: { sChurn: 4 } }],
    ['Sigma min', '0.5', { sampling: { sTmin: 0.5 } }],
    ['Sigma max', '9', { sampling: { sTmax: 9 } }],
    ['Sigma noise', '1.1', { sampling: { sNoise: 1.1 } }],
    ['Schedule type', 'Karras', { sampling: { schedule: 'karras' } }],
    ['Schedule min sigma', '0.1', { sampling: { sigmaMin: 0.1 } }],
    ['Schedule max sigma', '10', { sampling: { sigmaMax: 10 } }],
    ['Schedule rho', '5', { sampling: { rho: 5 } }],
    ['Beta schedule alpha', '0.5', { sampling: { extraOptionsJson: '{"beta_dist_alpha":0.5}' } }],
    ['Beta schedule beta', '0.4', { sampling: { extraOptionsJson: '{"beta_dist_beta":0.4}' } }],
    ['Eta', '0.3', { sampling: { eta: 0.3 } }],
    ['Clip skip', '2', { text: { clipSkip: 2 } }],
    ['Extra noise', '0.1', { sampling: { extraOptionsJson: '{"img2img_extra_noise":0.1}' } }],
    ['VAE', 'tiny-vae.safetensors', { vae: { name: 'tiny-vae.safetensors' } }],
    ['VAE', 'None', { vae: undefined }],
    ['Styles', 'Moody', { images: [{ prompt: 'a red fox, dark clouds' }] }],
    ['Token merging ratio', '0.5', { sampling: { tokenMergingRatio: 0.5 } }],
    ['Always discard next-to-last sigma', 'True', { sampling: { alwaysDiscardPenultimate: true } }],
    ['Always discard next-to-last sigma', 'False', { sampling: { alwaysDiscardPenultimate: false } }],
    ['SGM noise multiplier', 'true', { sampling: { extraOptionsJson: '{"sgm_noise_multiplier":true}' } }],
    ['Refiner checkpoint', 'tiny-b', { refiner: { checkpoint: { name: 'sub/tiny-b.safetensors' } } }],
    ['Refiner checkpoint', 'None', { refiner: undefined }],
    ['RNG source', 'CPU', { noise: { source: 1 } }],
    ['Size', '64x128', { width: 64, height: 128 }],
    ['Size', ' 64 x 128 ', { width: 64, height: 128 }],
    ['Size', 'large', { width: 512, height: 512 }],
  ])('%s at "%s"', (label, text, expected) => {
    expect(jobAt(label, [text])).toMatchObject(expected)
  })

  it.each([
    ['Hires steps', '4', { sampling: { steps: 4 } }],
    ['Hires sampler', 'Heun', { sampling: { sampler: 'heun' } }],
    ['Hires upscaler', 'Latent (nearest)', { upscaler: { name: 'Latent (nearest)' } }],
    ['Denoising', '0.25', { strength: 0.25 }],
    ['Token merging ratio high-res', '0.4', { sampling: { tokenMergingRatio: 0.4 } }],
  ])('%s of a second pass', (label, text, expected) => {
    expect(jobAt(label, [text], { body: hires }).hires).toMatchObject(expected)
  })

  it.each([
    ['Image CFG Scale', '1.2', { imageGuidanceScale: 1.2 }],
    ['Denoising', '0.25', { source: { strength: 0.25 } }],
    ['Initial noise multiplier', '0.9', { source: { noiseMultiplier: 0.9 } }],
    ['Cond. Image Mask Weight', '0.5', { conditioningMaskWeight: 0.5 }],
  ])('%s of image to image', (label, text, expected) => {
    expect(jobAt(label, [text], { world: { isImageToImage: true } })).toMatchObject(expected)
  })

  it('the share at which a refiner takes over', () => {
    const body = { refiner_checkpoint: 'tiny-b' }
    expect(jobAt('Refiner switch at', ['0.7'], { body }).refiner).toMatchObject({ switchAt: 0.7 })
  })

  it('one text for another in both prompts', () => {
    const body = { prompt: 'a red fox', negative_prompt: 'red' }
    const [image] = jobAt('Prompt S/R', ['red', 'blue'], { body }).images
    expect([image?.prompt, image?.negativePrompt]).toEqual(['a red fox', 'red'])
  })

  // The steps of UniPC limit its order: the original takes one step less.
  it.each([
    ['3', 20, 3n],
    ['9', 5, 4n],
  ])('UniPC’s order %s of %d steps', (text, steps, order) => {
    expect(overridesOf(planAt('UniPC Order', [text], { body: { steps } }))).toEqual({ uni_pc_order: order })
  })

  it.each([
    ['CodeFormer', 'CodeFormer'],
    ['gfpgan', 'GFPGAN'],
    ['yes', 'CodeFormer'],
    ['no', undefined],
  ])('the face restorer to "%s"', (text, restorer) => {
    expect(planAt('Face restore', [text]).faceRestorer).toBe(restorer)
  })

  it('nothing where it is Nothing', () => {
    expect(jobAt('Nothing', [''], { body: { seed: 1, subseed: 1 } })).toEqual(
      jobAt('Size', ['none'], { body: { seed: 1, subseed: 1 } }),
    )
  })
})

describe('an axis refuses', () => {
  it.each([
    ['Sampler', 'Foo', 'Unknown sampler: Foo'],
    ['Hires sampler', 'Foo', 'Unknown sampler: Foo'],
    ['Checkpoint name', 'nope', 'Unknown checkpoint: nope'],
    ['Refiner checkpoint', 'nope', 'Unknown checkpoint: nope'],
  ])('%s "%s"', (label, text, message) => {
    expect(() => planAt(label, [text])).toThrow(message)
  })

  it.each(['euler a', 'k_euler_a'])('no sampler that the original knows by a name like "%s"', (text) => {
    expect(() => planAt('Sampler', [text])).not.toThrow()
  })
})
