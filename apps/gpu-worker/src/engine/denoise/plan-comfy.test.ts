import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { createModelSampling } from './model-sampling.ts'
import {
  listComfySigmas,
  listKsamplerSigmas,
  planComfy,
  planComfySigmas,
  type ComfySampling,
} from './plan-comfy.ts'
import { PlanError } from './plan.ts'
import { MODELS } from './test-kit/recorded-models.ts'
import { readRecordings, worstRelative } from './test-kit/read-recordings.ts'

interface Row {
  readonly kind: string
  readonly model: string
  readonly sampler: string
  readonly scheduler: string
  readonly steps: number
  readonly denoise: number
  readonly sigmas: (number | string)[]
  readonly sigma: number
  readonly max_denoise: boolean
  readonly noise: number[]
  readonly latent: number[]
  readonly out: number[]
}

const rows = readRecordings<Row>('sigmas-comfy.jsonl', import.meta.url)
const of = (kind: string) => rows.filter((row) => row.kind === kind)
const model = createModelSampling()
const tensor = (values: readonly number[]) =>
  createTensor([1, values.length, 1, 1], Float32Array.from(values))

/** One step of KL Optimal is 0/0 there; ours begins at the largest sigma. */
const compare = (actual: number[], { sigmas, model: tag }: Row) => {
  const from = sigmas[0] === 'nan' ? 1 : 0
  const worst = worstRelative(actual.slice(from), sigmas.slice(from).map(Number))
  expect(worst).toBeLessThan(tag === 'zsnr' ? 1e-3 : 1e-5)
}

describe('listComfySigmas', () => {
  it.each(of('sigmas'))('gives ComfyUI’s $scheduler of $steps steps ($model)', (row) => {
    compare(listComfySigmas(row.scheduler, row.steps, MODELS[row.model]!), row)
  })

  it('begins at the largest sigma where one step of KL Optimal is undefined in ComfyUI', () => {
    expect(listComfySigmas('kl_optimal', 1, model)[0]).toBeCloseTo(model.sigmaMax, 4)
  })

  it('refuses a schedule there is none of', () => {
    expect(() => listComfySigmas('karras2', 4, model)).toThrow('there is no schedule "karras2"')
  })
})

describe('listKsamplerSigmas', () => {
  it.each(of('ksampler'))('gives $sampler with $scheduler $steps steps at denoise $denoise', (row) => {
    const { sampler, scheduler: schedule, steps, denoise } = row
    compare(listKsamplerSigmas({ sampler, schedule, steps, denoise, model: MODELS[row.model]! }), row)
  })
})

describe('planComfy', () => {
  const base: ComfySampling = { sampler: 'euler', schedule: 'normal', steps: 10, denoise: 1, model }
  const whole = listKsamplerSigmas(base)

  it('runs a window of steps, which may end in noise', () => {
    const plan = planComfy({ ...base, startStep: 3, endStep: 7 })
    expect(plan.sigmas).toEqual(whole.slice(3, 8))
    expect(planComfy({ ...base, endStep: 4, forcesFullDenoise: true }).sigmas).toEqual([
      ...whole.slice(0, 4),
      0,
    ])
  })

  it('runs to the end where the window reaches beyond it', () => {
    expect(planComfy({ ...base, startStep: 0, endStep: 10_000 }).sigmas).toEqual(whole)
    expect(planComfy({ ...base, startStep: 2, endStep: 10, forcesFullDenoise: true }).sigmas).toEqual(
      whole.slice(2),
    )
  })

  it('runs nothing where the window begins at the end', () => {
    expect(planComfy({ ...base, startStep: 10 }).sigmas).toEqual([])
    expect(planComfy({ ...base, denoise: 0 }).sigmas).toEqual([])
  })

  it('refuses a sampler there is none of', () => {
    expect(() => planComfy({ ...base, sampler: 'plms' })).not.toThrow()
    expect(() => planComfy({ ...base, sampler: 'nope' })).toThrow(PlanError)
  })

  it('knows which samplers look at the unconditional', () => {
    const needs = (sampler: string) => planComfy({ ...base, sampler }).needsUnconditional
    expect(needs('dpmpp_2s_ancestral_cfg_pp')).toBe(true)
    expect(needs('dpmpp_2s_ancestral')).toBe(false)
  })
})

describe('planComfySigmas', () => {
  it.each(of('noise_scaling'))('scales start noise at sigma $sigma (maximum: $max_denoise)', (row) => {
    const sigmaMax = row.max_denoise ? row.sigma : 2 * row.sigma
    const plan = planComfySigmas({ sampler: 'euler', sigmas: [row.sigma, 0], model: { ...model, sigmaMax } })
    const started = plan.begin(tensor(row.noise), tensor(row.latent)).data
    row.out.forEach((value, i) => expect(started[i]).toBeCloseTo(value, 5))
  })

  it('spans Brownian noise over the sigmas that are run, not the schedule', () => {
    const plan = planComfySigmas({ sampler: 'dpmpp_2m_sde', sigmas: [3, 2, 1], model })
    expect(plan.brownianRange).toEqual({ from: 1, to: 3 })
  })
})
