import { describe, expect, it } from 'vitest'
import { createTensor } from '../../tensor/tensor.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { scale } from '../combine.ts'
import { karras } from '../schedules/karras.ts'
import { createModelSampling } from '../model-sampling.ts'
import { createErSde, reverseTimeScale } from './er-sde.ts'
import { createSaSolver, SA_DEFAULTS } from './sa-solver.ts'
import { SAMPLERS } from './index.ts'
import { createUniPc } from './uni-pc.ts'

// Gaussian data of variance v has the exact clean latent x v / (v + sigma²) and the exact path
// x(sigma) = x(start) sqrt((v + sigma²) / (v + start²)).

const VARIANCE = 0.25
const model = createModelSampling()
const [SIGMA_MAX, SIGMA_MIN] = [14.6146412, 0.0291671582]

function runOf(sigmas: readonly number[]): SamplerRun {
  const still = createTensor([1, 1, 1, 1])
  return {
    denoise: async (latent, sigma) => {
      const clean = scale(VARIANCE / (VARIANCE + sigma * sigma), latent)
      return { latent: clean, unconditional: clean }
    },
    sigmas,
    noise: { next: () => still, churn: () => still, between: () => still },
    options: { eta: 0, sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity, flavour: 'webui' },
    onStep: async () => undefined,
  }
}

/** Relative error after `count` sigmas of Karras' list, no zero at its end. */
async function errorOf(sampler: Sampler, count: number): Promise<number> {
  const sigmas = karras.sigmas({ count, sigmaMin: SIGMA_MIN, sigmaMax: SIGMA_MAX, model })
  const start = 0.7 * SIGMA_MAX
  const result = await sampler(createTensor([1, 1, 1, 1], Float32Array.of(start)), runOf(sigmas))
  const exact = start * Math.sqrt((VARIANCE + sigmas.at(-1)! ** 2) / (VARIANCE + SIGMA_MAX ** 2))
  return Math.abs(result.data[0]! / exact - 1)
}

describe('a sampler without noise', () => {
  // Errors published for these formulas with 40 and 80 sigmas.
  it.each([
    ['euler', 4.2e-2, 2.09e-2],
    ['heun', 3.35e-3, 8.03e-4],
    ['dpm_2', 1.93e-3, 4.64e-4],
    ['dpmpp_2s_ancestral', 1.82e-3, 4.5e-4],
    ['dpmpp_2m', 3.32e-3, 7.88e-4],
    ['dpmpp_2m_sde', 3.32e-3, 7.88e-4],
    ['dpmpp_2m_sde_heun', 4.78e-3, 1.12e-3],
    ['dpmpp_3m_sde', 6.71e-4, 1.88e-4],
    ['lms', 6.37e-4, 4.72e-5],
  ])('comes as near to the exact path as its order says: %s', async (id, with40, with80) => {
    expect(await errorOf(SAMPLERS[id]!, 40)).toBeCloseTo(with40, 4)
    expect(await errorOf(SAMPLERS[id]!, 80)).toBeCloseTo(with80, 4)
  })

  it.each([
    ['res_multistep', 1.7],
    ['gradient_estimation', 0.9],
    ['seeds_2', 1.7],
    ['seeds_3', 2.4],
    ['heunpp2', 0.9],
    ['euler_ancestral', 0.9],
    ['dpm_2_ancestral', 1.7],
    ['dpmpp_sde', 1.7],
  ])('gains at least its order from twice the steps: %s, %d', async (id, order) => {
    const [coarse, fine] = [await errorOf(SAMPLERS[id]!, 40), await errorOf(SAMPLERS[id]!, 80)]
    expect(Math.log2(coarse / fine)).toBeGreaterThan(order)
  })

  it('gains more than one order from UniPC, SA-Solver and the ordinary ER solver', async () => {
    const unipc = createUniPc({ variant: 'bh2', order: 3, lowersLastOrders: false })
    const solver = createSaSolver({ ...SA_DEFAULTS, tauAt: () => 0, evaluatesTwice: false })
    const orderOf = async (sampler: Sampler) =>
      Math.log2((await errorOf(sampler, 20)) / (await errorOf(sampler, 40)))
    expect(await orderOf(unipc)).toBeGreaterThan(2.5)
    expect(await orderOf(solver)).toBeGreaterThan(1)
    expect(await orderOf(createErSde({ noiseScale: reverseTimeScale(0), maxStage: 3 }))).toBeGreaterThan(1.7)
  })

  it.each(['euler', 'heun', 'dpm_2', 'dpmpp_2m', 'lms', 'deis', 'ipndm', 'res_multistep', 'euler_cfg_pp'])(
    'ends at the clean latent itself where the network always answers with it: %s',
    async (id) => {
      const clean = createTensor([1, 1, 1, 2], Float32Array.of(0.25, -1.5))
      const sigmas = [...karras.sigmas({ count: 8, sigmaMin: SIGMA_MIN, sigmaMax: SIGMA_MAX, model }), 0]
      const start = createTensor([1, 1, 1, 2], Float32Array.of(9, -13))
      const run = { ...runOf(sigmas), denoise: async () => ({ latent: clean, unconditional: clean }) }
      const result = await SAMPLERS[id]!(start, run)
      clean.data.forEach((value, i) => expect(result.data[i]).toBeCloseTo(value, 5))
    },
  )
})

describe('what a run is told', () => {
  it.each(Object.keys(SAMPLERS).filter((id) => !['dpm_adaptive', 'dpm_fast', 'restart'].includes(id)))(
    'names each step once, in order, with its sigma: %s',
    async (id) => {
      const isTimestep = ['ddim', 'ddim_cfgpp', 'plms'].includes(id)
      const list = karras.sigmas({ count: 6, sigmaMin: 0.1, sigmaMax: 10, model })
      const sigmas = isTimestep ? list : [...list, 0]
      const told: [number, number, number][] = []
      await SAMPLERS[id]!(createTensor([1, 1, 1, 1], Float32Array.of(5)), {
        ...runOf(sigmas),
        onStep: async ({ step, totalSteps, sigma }) => void told.push([step, totalSteps, sigma]),
      })
      const steps = sigmas.length - 1
      expect(told).toEqual(sigmas.slice(0, -1).map((sigma, i) => [i + 1, steps, sigma]))
    },
  )
})
