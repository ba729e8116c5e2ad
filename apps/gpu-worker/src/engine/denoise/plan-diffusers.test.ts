import { DIFFUSERS_SCHEDULER_NAMES } from '@atelier/catalog'
import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { createModelSampling } from './model-sampling.ts'
import { planDiffusers } from './plan-diffusers.ts'
import { PlanError } from './plan.ts'
import { planWebui } from './plan-webui.ts'

const model = createModelSampling()
/** What Stable Diffusion's folders say of DDIM and PNDM. */
const SHIPPED = { steps_offset: 1, set_alpha_to_one: false, timestep_spacing: 'leading' }
const timestepsOf = (plan: ReturnType<typeof planDiffusers>) =>
  plan.sigmas.slice(0, -1).map((sigma) => plan.timestepOf(sigma))

describe('planDiffusers', () => {
  // Timesteps that the pipelines of Diffusers 0.42 gave the network in five steps.
  it.each([
    ['DDIMScheduler', SHIPPED, [801, 601, 401, 201, 1]],
    ['PNDMScheduler', SHIPPED, [801, 601, 401, 201, 1]],
    ['EulerDiscreteScheduler', { steps_offset: 1 }, [999, 749.25, 499.5, 249.75, 0]],
    ['EulerDiscreteScheduler', SHIPPED, [801, 601, 401, 201, 1]],
    ['DPMSolverMultistepScheduler', {}, [999, 799, 599, 400, 200]],
    ['DPMSolverMultistepScheduler', { use_karras_sigmas: true }, [999, 786, 427, 59, 0]],
  ] as const)('walks the timesteps of %s with %j', (scheduler, settings, expected) => {
    const plan = planDiffusers({ scheduler, settings, steps: 5, model })
    timestepsOf(plan).forEach((timestep, i) => expect(timestep).toBeCloseTo(expected[i]!, 3))
  })

  it('ends at the smallest sigma of training where the scheduler says so, else at zero', () => {
    const lastOf = (settings: object) =>
      planDiffusers({ scheduler: 'DDIMScheduler', settings, steps: 5, model }).sigmas.at(-1)
    expect(lastOf(SHIPPED)).toBeCloseTo(model.sigmaMin, 5)
    expect(lastOf({})).toBe(0)
  })

  it('starts from noise of unit variance where the scheduler thinks so', () => {
    const start = (scheduler: string) => {
      const plan = planDiffusers({ scheduler, steps: 5, model })
      return plan.begin(createTensor([1], Float32Array.of(1)), undefined).data[0]! / plan.sigmas[0]!
    }
    expect(start('EulerDiscreteScheduler')).toBeCloseTo(1, 6)
    const { sigmaMax } = model
    expect(start('DPMSolverMultistepScheduler')).toBeCloseTo(Math.sqrt(sigmaMax ** 2 + 1) / sigmaMax, 6)
  })

  it('runs the last share of the steps from a picture', () => {
    const plan = planDiffusers({ scheduler: 'EulerDiscreteScheduler', steps: 8, strength: 0.6, model })
    expect(plan.sigmas).toHaveLength(5)
  })

  it.each(DIFFUSERS_SCHEDULER_NAMES)('plans %s in falling sigmas', (scheduler) => {
    const { sigmas } = planDiffusers({ scheduler, steps: 7, model })
    expect(sigmas).toHaveLength(8)
    expect([...sigmas].sort((a, b) => b - a)).toEqual(sigmas)
  })

  it('refuses classes and spacings it does not know', () => {
    expect(() => planDiffusers({ scheduler: 'FlowMatchEulerDiscreteScheduler', steps: 5, model })).toThrow(
      PlanError,
    )
    const settings = { timestep_spacing: 'random' }
    expect(() => planDiffusers({ scheduler: 'DDIMScheduler', settings, steps: 5, model })).toThrow(PlanError)
  })
})

describe('planWebui', () => {
  const request = {
    sampler: 'DDIMScheduler',
    schedule: 'automatic',
    steps: 5,
    runsAllSteps: false,
    sigmaMin: 0,
    sigmaMax: 0,
    rho: 0,
    alwaysDiscardsPenultimate: false,
    model,
  }

  it('takes a Diffusers scheduler by its class name, with the settings of the folder that names it', () => {
    const own = planWebui({ ...request, ownScheduler: { name: 'DDIMScheduler', settings: SHIPPED } })
    expect(own.sigmas.at(-1)).toBeCloseTo(model.sigmaMin, 5)
    const other = planWebui({ ...request, ownScheduler: { name: 'PNDMScheduler', settings: SHIPPED } })
    expect(other.sigmas.at(-1)).toBe(0)
  })
})
