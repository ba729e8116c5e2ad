import { DIFFUSERS_SCHEDULER_NAMES } from '@atelier/catalog'
import { describe, expect, it } from 'vitest'
import { createModelSampling, createZeroTerminalSampling } from '../model-sampling.ts'
import { planDiffusers } from '../plan-diffusers.ts'
import { PlanError } from '../plan.ts'
import { runDiffusersRecording, type DiffusersRecording } from '../test-kit/recorded-diffusers.ts'
import { readRecordings, worstDistance } from '../test-kit/read-recordings.ts'
import { toTorchTable } from './torch-table.ts'

// Reference: the schedulers of Diffusers 0.42 themselves, on an analytic model (bench/parity/make_diffusers_schedulers.py).
const recordings = readRecordings<DiffusersRecording>(
  'diffusers-schedulers.jsonl',
  new URL('../plan.ts', import.meta.url).href,
)
/** Share of the largest value; Brownian noise changes with the last digits of sigmas. */
const toleranceOf = (scheduler: string) => (scheduler === 'DPMSolverSDEScheduler' ? 5e-4 : 2e-5)

describe('Diffusers’ schedulers', () => {
  it('are recorded, every one', () => {
    expect(new Set(recordings.map(({ scheduler }) => scheduler))).toEqual(new Set(DIFFUSERS_SCHEDULER_NAMES))
  })

  it.each(
    recordings.map((row): [string, DiffusersRecording] => {
      const { scheduler, settings, steps, strength } = row
      return [[scheduler, JSON.stringify(settings), steps, strength ?? ''].join(' '), row]
    }),
  )('ask at the original’s timesteps and give its latent: %s', async (_, row) => {
    const { latent, timesteps } = await runDiffusersRecording(row)
    const largest = Math.max(1, ...row.latent.map(Math.abs))
    expect(worstDistance(timesteps, row.timesteps)).toBeLessThan(1e-3)
    expect(worstDistance(latent.data, row.latent) / largest).toBeLessThan(toleranceOf(row.scheduler))
  })

  const model = createModelSampling()
  it.each([
    ['LCMScheduler', {}, 51, 'a consistency model distilled at 50 steps cannot take 51'],
    ['UniPCMultistepScheduler', { solver_order: 4 }, 5, 'a solver has order 1, 2 or 3, not 4'],
    ['DPMSolverMultistepScheduler', { algorithm_type: 'none' }, 5, 'there is no solver algorithm "none"'],
  ])('refuse what the original refuses: %s %j', (scheduler, settings, steps, message) => {
    expect(() => planDiffusers({ scheduler, settings, steps, model })).toThrow(new PlanError(message))
  })

  it('leave alone what another class’s configuration says', () => {
    const settings = { set_alpha_to_one: false, steps_offset: 1, solver_order: 3, use_beta_sigmas: true }
    const lastOf = (scheduler: string) =>
      planDiffusers({ scheduler, settings, steps: 5, model }).sigmas.at(-1)
    expect(lastOf('EulerDiscreteScheduler')).toBe(0)
    expect(lastOf('DDIMScheduler')).toBeGreaterThan(0)
    const single = planDiffusers({
      scheduler: 'DPMSolverSinglestepScheduler',
      settings: { timestep_spacing: 'trailing' },
      steps: 4,
      model,
    })
    expect(single.timestepOf(single.sigmas[1]!)).toBe(749)
  })
})

describe('toTorchTable', () => {
  it('is within a few hundred-thousandths of the exact schedule, and not it', () => {
    const exact = createModelSampling().sigmas
    const { sigmas } = toTorchTable(createModelSampling())
    const shares = exact.map((sigma, i) => Math.abs(sigmas[i]! / sigma - 1))
    expect(Math.max(...shares)).toBeLessThan(2e-5)
    expect(Math.max(...shares)).toBeGreaterThan(1e-6)
    // torch: ((1 - alphas_cumprod) / alphas_cumprod) ** 0.5 at both ends.
    expect([sigmas[0], sigmas[999]]).toEqual([0.029167532920837402, 14.614646911621094])
  })

  it('leaves other schedules as they are', () => {
    const other = createZeroTerminalSampling()
    expect(toTorchTable(other)).toBe(other)
  })
})
