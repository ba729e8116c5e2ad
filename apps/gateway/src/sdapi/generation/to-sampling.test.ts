import { NoiseSource } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { generationOf, type PlainBody } from '../test-kit/plan-request.ts'

describe('the sampling of a generation', () => {
  const samplingOf = (body: PlainBody, options: PlainBody = {}) => generationOf(body, { options }).sampling!

  it('keeps numbers that are zero', () => {
    expect(samplingOf({ cfg_scale: 0, eta: 0, s_noise: 0 })).toMatchObject({
      ...{ guidanceScale: 0, eta: 0, sNoise: 0 },
    })
  })

  // webui-api.md 6.1: the original's own table of what it makes of names.
  it.each([
    ['DPM++ 2M Karras', null, ['dpmpp_2m', 'karras']],
    ['DPM++ 2M SDE Karras', null, ['dpmpp_2m_sde', 'karras']],
    ['Euler a', 'karras', ['euler_ancestral', 'karras']],
    ['Euler a', 'Karras', ['euler_ancestral', 'karras']],
    ['Euler a', 'nonsense', ['euler_ancestral', 'automatic']],
    ['k_euler_a', null, ['dpmpp_2m', 'karras']],
    ['Euler SGM Uniform', null, ['dpmpp_2m', 'uniform']],
    ['Euler SGMUniform', null, ['euler', 'sgm_uniform']],
    ['Euler', 'SGMUniform', ['euler', 'automatic']],
    ['DPM++ 2M Karras', 'Exponential', ['dpmpp_2m', 'exponential']],
    [null, null, ['euler', 'automatic']],
  ])('of "%s" and "%s" is %j', (sampler, scheduler, expected) => {
    const { sampler: id, schedule } = samplingOf({ sampler_name: sampler, scheduler })
    expect([id, schedule]).toEqual(expected)
  })

  it.each([
    ['Euler a', {}, {}, 1],
    ['Euler a', {}, { eta_ancestral: 0.6, eta_ddim: 0.2 }, 0.6],
    ['DDIM', {}, {}, 0],
    ['DDIM', {}, { eta_ancestral: 0.6, eta_ddim: 0.2 }, 0.2],
    ['DDIM', { eta: 0.3 }, { eta_ddim: 0.2 }, 0.3],
  ])('of %s with %j and the options %j has the eta %d', (sampler_name, body, options, eta) => {
    expect(samplingOf({ sampler_name, ...body }, options).eta).toBe(eta)
  })

  it('takes churn from the request, unless the options are not as they come', () => {
    const churn = { s_churn: 5, s_tmin: 1, s_tmax: 9, s_noise: 1.5 }
    expect(samplingOf(churn)).toMatchObject({ sChurn: 5, sTmin: 1, sTmax: 9, sNoise: 1.5 })
    const options = { s_churn: 2, s_noise: 1.1 }
    expect(samplingOf(churn, options)).toMatchObject({ sChurn: 2, sTmin: 1, sTmax: 9, sNoise: 1.1 })
  })

  it('takes the share of merged tokens from the option of its surface, 0.9 at most', () => {
    const options = { token_merging_ratio: 0.3, token_merging_ratio_img2img: 2 }
    expect(samplingOf({}, options).tokenMergingRatio).toBe(0.3)
    expect(generationOf({}, { options, isImageToImage: true }).sampling?.tokenMergingRatio).toBe(0.9)
  })
})

describe('the noise of a generation', () => {
  it.each([
    ['GPU', NoiseSource.NOISE_SOURCE_PHILOX],
    ['NV', NoiseSource.NOISE_SOURCE_PHILOX],
    ['CPU', NoiseSource.NOISE_SOURCE_CPU],
  ])('of the source %s', (randn_source, source) => {
    expect(generationOf({ override_settings: { randn_source } }).noise?.source).toBe(source)
  })

  it('is resized from no size below zero, which requests have by default', () => {
    expect(generationOf({}).noise).toMatchObject({ seedResizeWidth: 0, seedResizeHeight: 0 })
    const body = { seed_resize_from_w: 64, seed_resize_from_h: 96 }
    expect(generationOf(body).noise).toMatchObject({ seedResizeWidth: 64, seedResizeHeight: 96 })
  })

  it('has the seed delta of the options', () => {
    expect(generationOf({ override_settings: { eta_noise_seed_delta: 31337 } }).noise?.etaSeedDelta).toBe(
      31337,
    )
  })
})
