import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { createModelSampling } from './model-sampling.ts'
import { PlanError } from './plan.ts'
import { listWebuiSigmas, planWebui, toWebuiSamplerOptions } from './plan-webui.ts'
import { readRecordings, worstRelative } from './test-kit/read-recordings.ts'
import { toWebuiSampling } from './test-kit/recorded-webui-sampling.ts'
import { listTimesteps, planImageSteps } from './webui-steps.ts'

interface Row {
  readonly kind: string
  readonly sampler: string
  readonly scheduler: string
  readonly steps: number
  readonly model?: string
  readonly options?: Record<string, unknown>
  readonly sigmas: number[]
  readonly timesteps: number[]
  readonly denoising_strength: number
  readonly img2img_fix_steps: boolean
  readonly out_steps: number
  readonly t_enc: number
}

const rows = readRecordings<Row>('sigmas-webui.jsonl', import.meta.url)
const of = (kind: string) => rows.filter((row) => row.kind === kind)
const sampling = (sampler: string, more: Record<string, unknown> = {}) => ({
  ...toWebuiSampling({ sampler, steps: 20 }),
  ...more,
})
const noise = createTensor([1, 1, 1, 2], Float32Array.of(1, -2))
const source = createTensor([1, 1, 1, 2], Float32Array.of(10, 20))

describe('listWebuiSigmas', () => {
  it.each(of('sigmas'))(
    'gives A1111’s sigmas: $sampler, $scheduler, $steps steps, $model $options',
    (row) => {
      const actual = listWebuiSigmas(toWebuiSampling(row), row.steps)
      // The tail of zero terminal SNR is a difference of nearly equal numbers.
      expect(worstRelative(actual, row.sigmas)).toBeLessThan(row.model === 'zsnr' ? 1e-3 : 1e-5)
    },
  )

  it('refuses a schedule there is none of', () => {
    expect(() => listWebuiSigmas(sampling('Euler', { schedule: 'wavy' }), 5)).toThrow(PlanError)
  })
})

describe('listTimesteps', () => {
  it.each(of('timesteps'))('gives DDIM’s grid for $steps steps', ({ steps, timesteps }) => {
    expect(listTimesteps(steps)).toEqual(timesteps)
  })

  it('goes through every timestep for more steps than there are', () => {
    expect(listTimesteps(5000)).toHaveLength(1000)
  })
})

describe('planImageSteps', () => {
  it.each(of('img2img_steps'))(
    'counts $steps steps of strength $denoising_strength as A1111 (all: $img2img_fix_steps)',
    (row) => {
      expect(planImageSteps(row.steps, row.denoising_strength, row.img2img_fix_steps)).toEqual({
        steps: row.out_steps,
        encodeStep: row.t_enc,
      })
    },
  )
})

describe('planWebui', () => {
  it('starts from noise at the first sigma', () => {
    const plan = planWebui(sampling('Euler'))
    expect([...plan.begin(noise, undefined).data]).toEqual([14.614640235900879, -29.229280471801758])
    expect(plan.sigmas).toHaveLength(21)
  })

  it('counts the picture’s own variance in where the option says so', () => {
    const plan = planWebui(sampling('Euler', { usesSgmNoise: true }))
    expect(plan.begin(noise, undefined).data[0]).toBeCloseTo(Math.sqrt(1 + 14.61464 ** 2), 4)
  })

  it('runs the last steps of the schedule over a noised source', () => {
    const plan = planWebui(sampling('Euler', { strength: 0.5 }))
    const whole = planWebui(sampling('Euler'))
    expect(plan.sigmas).toEqual(whole.sigmas.slice(-12))
    expect(plan.begin(noise, source).data[0]).toBeCloseTo(10 + plan.sigmas[0]!, 4)
    expect(plan.brownianRange).toEqual(whole.brownianRange)
  })

  it('adds the extra share of noise to a source alone', () => {
    const plan = planWebui(sampling('Euler', { strength: 0.5, extraNoise: 0.25 }))
    expect(plan.begin(noise, source).data[0]).toBeCloseTo(10 + plan.sigmas[0]! + 0.25, 4)
  })

  it('runs one step less than DDIM has timesteps and leaves the noise of the last', () => {
    const plan = planWebui(sampling('DDIM'))
    expect(plan.sigmas).toHaveLength(20)
    expect(plan.sigmas.at(-1)).toBeCloseTo(0.0413144, 6)
    // Unit variance outside, exploding variance inside.
    const root = Math.sqrt(1 + plan.sigmas[0]! ** 2)
    expect(plan.begin(noise, undefined).data[0]).toBeCloseTo(root, 4)
    expect(plan.end(noise).data[0]).toBeCloseTo(1 / Math.sqrt(1 + plan.sigmas.at(-1)! ** 2), 6)
  })

  it('makes the grid of timesteps one step finer where the last sigma but one is discarded', () => {
    const [plain, finer] = [false, true].map((alwaysDiscardsPenultimate) =>
      planWebui({ ...sampling('DDIM'), steps: 4, alwaysDiscardsPenultimate }),
    )
    expect(plain!.sigmas).toHaveLength(4)
    expect(finer!.sigmas).toHaveLength(5)
    expect(finer!.sigmas).toEqual(planWebui({ ...sampling('DDIM'), steps: 5 }).sigmas)
  })

  it('weakens the guidance of DDIM CFG++, which needs the unconditional', () => {
    const plan = planWebui(sampling('DDIM CFG++'))
    expect(plan.guidanceFactor).toBeCloseTo(0.08, 12)
    expect(plan.needsUnconditional).toBe(true)
    expect(planWebui(sampling('DDIM')).needsUnconditional).toBe(false)
  })

  it('gives the network of UniPC fractional timesteps', () => {
    const plan = planWebui({ ...sampling('UniPC'), steps: 5 })
    const timesteps = plan.sigmas.slice(0, -1).map((sigma) => plan.timestepOf(sigma))
    const expected = [999, 799.2, 599.4, 399.6, 199.8]
    expected.forEach((t, i) => expect(timesteps[i]).toBeCloseTo(t, 6))
  })

  it('gives the network of LCM its 50 timesteps and the shares of the boundary condition', () => {
    const plan = planWebui({ ...sampling('LCM'), steps: 4 })
    for (const sigma of plan.sigmas.slice(0, -1)) {
      expect((plan.timestepOf(sigma) - 19) % 20).toBe(0)
      expect(plan.consistencyAt!(sigma).out).toBeCloseTo(1, 4)
    }
  })

  it('refuses UniPC with fewer steps than its order, as the original does', () => {
    expect(() => planWebui({ ...sampling('UniPC'), steps: 2 })).toThrow(
      expect.objectContaining({
        message: 'UniPC order must be < sampling steps',
        exceptionType: 'AssertionError',
      }),
    )
    expect(() => planWebui({ ...sampling('UniPC'), steps: 2, uniPc: { order: 2 } })).not.toThrow()
  })

  it.each([0.6, 0])('leaves a picture noised where a strength of %f gives DDIM no step', (strength) => {
    const plan = planWebui({ ...sampling('DDIM'), steps: strength === 0 ? 4 : 2, strength })
    expect(plan.sigmas).toHaveLength(1)
    const [noise, source] = [createTensor([1], Float32Array.of(2)), createTensor([1], Float32Array.of(3))]
    // The noise of the timestep that the strength would have begun at: the second of 1, 501, or the first of 1, 251, ...
    const alpha = 1 / (1 + createModelSampling().sigmas[strength === 0 ? 1 : 501]! ** 2)
    const expected = Math.sqrt(alpha) * 3 + Math.sqrt(1 - alpha) * 2
    expect(plan.end(plan.begin(noise, source)).data[0]).toBeCloseTo(expected, 5)
  })

  it('refuses a sampler there is none of', () => {
    expect(() => planWebui(sampling('Euler', { sampler: 'magic' }))).toThrow('there is no sampler "magic"')
  })
})

describe('toWebuiSamplerOptions', () => {
  const options = { eta: 0.5, sNoise: 1.1, sChurn: 2, sTmin: 0, sTmax: 5 }

  it('hands each option to the samplers that take it', () => {
    expect(toWebuiSamplerOptions('euler', options)).toMatchObject({ eta: undefined, sNoise: 1.1, sChurn: 2 })
    expect(toWebuiSamplerOptions('dpmpp_sde', options)).toMatchObject({ eta: 0.5, sNoise: 1.1, sChurn: 0 })
    expect(toWebuiSamplerOptions('euler_ancestral', options)).toMatchObject({
      eta: 0.5,
      sNoise: 1,
      sChurn: 0,
    })
    expect(toWebuiSamplerOptions('dpmpp_2m', options)).toMatchObject({ eta: undefined, sNoise: 1, sChurn: 0 })
  })
})
