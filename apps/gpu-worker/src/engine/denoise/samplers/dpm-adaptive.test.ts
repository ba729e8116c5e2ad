import { describe, expect, it } from 'vitest'
import { createTensor } from '../../tensor/tensor.ts'
import { scale } from '../combine.ts'
import type { SamplerRun } from '../sampler.ts'
import { createDpmAdaptive, dpmAdaptive, type AdaptiveOptions } from './dpm-adaptive.ts'

/** Data of this variance around 0, whose clean latent is known exactly. */
const VARIANCE = 0.25
const [SIGMA_MAX, SIGMA_MIN] = [14.6146412, 0.0291671582]
const START = [0.7, -1.3, 0.05, 2]

function runOf(eta: number, sigmas: readonly number[] = [SIGMA_MAX, 1, SIGMA_MIN, 0]) {
  const counts = { evaluations: 0, steps: 0, noises: 0 }
  const still = createTensor([1, 1, 1, 4])
  const next = () => {
    counts.noises += 1
    return still
  }
  const run: SamplerRun = {
    denoise: (latent, sigma) => {
      counts.evaluations += 1
      const clean = scale(VARIANCE / (VARIANCE + sigma * sigma), latent)
      return Promise.resolve({ latent: clean, unconditional: clean })
    },
    sigmas,
    noise: { next, churn: () => still, between: () => still },
    options: { eta, sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity, flavour: 'webui' },
    onStep: () => Promise.resolve(void (counts.steps += 1)),
  }
  return { run, counts }
}

const start = () =>
  createTensor(
    [1, 1, 1, 4],
    Float32Array.from(START, (value) => Math.fround(value) * Math.fround(SIGMA_MAX)),
  )

// ComfyUI's sample_dpm_adaptive (its copy of k-diffusion's) over the same denoiser in doubles, eta 0: the first value of its result,
// accepted and refused steps, evaluations. The last rows are k-diffusion's own, in floats.
type Row = readonly [
  Partial<AdaptiveOptions>,
  first: number,
  accepted: number,
  refused: number,
  evaluations: number,
]
const recorded: readonly Row[] = [
  [{}, 0.35862920454947234, 7, 2, 27],
  [{ order: 2 }, 0.39753773148454, 9, 2, 22],
  [{ relativeTolerance: 0.3, absoluteTolerance: 0.5, firstStep: 2 }, 0.41428510435295174, 2, 0, 6],
  [{ order: 2, proportional: 0.4, integral: 0.3 }, 0.3616310539712372, 12, 0, 24],
  [{ proportional: 0.2, derivative: 0.1 }, 0.3588644228934515, 8, 2, 30],
  [{ acceptance: 0.95 }, 0.35954444623118964, 7, 3, 30],
  [{ firstStep: 1.5, acceptance: 1.1 }, 0.4559002070016655, 3, 18, 63],
  [{ relativeTolerance: 0.02 }, 0.3593325912952423, 8, 2, 30],
  [{ relativeTolerance: 0.01 }, 0.35852622985839844, 8, 2, 30],
  [{ relativeTolerance: 0.005 }, 0.35742825269699097, 9, 2, 33],
  [{ relativeTolerance: 0.001 }, 0.3544386625289917, 9, 1, 30],
]

describe('dpmAdaptive', () => {
  it.each(recorded)('takes the steps of the original with %j', async (...row) => {
    const [options, first, accepted, refused, evaluations] = row
    const { run, counts } = runOf(0)
    const result = await createDpmAdaptive(options)(start(), run)
    // The denoiser is linear: all values are shares of one. Third-order steps cancel: of floats 3 digits are left.
    for (const [i, value] of result.data.entries())
      expect(Math.abs(value / ((first * START[i]!) / START[0]!) - 1)).toBeLessThan(
        options.order === 2 ? 1e-4 : 2e-3,
      )
    // Noise is drawn for each step that counts, whether it is used or not.
    expect(counts).toEqual({ evaluations, steps: accepted + refused, noises: accepted })
  })

  // k-diffusion's result in floats, each operation rounded: third-order steps cancel, so that another rounding shows.
  it.each([
    [0.05, 0.3587069809436798],
    [0.01, 0.35852622985839844],
    [0.001, 0.3544386625289917],
  ])('gives the bits of the original at a tolerance of %d', async (relativeTolerance, first) => {
    const result = await createDpmAdaptive({ relativeTolerance })(start(), runOf(0).run)
    expect(result.data[0]).toBe(first)
  })

  it('goes from the first to the last positive sigma, or over a span of its own', async () => {
    const ofSigmas = await dpmAdaptive(start(), runOf(0).run)
    const span = { sigmaMin: SIGMA_MIN, sigmaMax: SIGMA_MAX, evaluations: 3 }
    const ofSpan = await createDpmAdaptive({}, span)(start(), runOf(0, [5, 1, 0]).run)
    expect(ofSpan.data).toEqual(ofSigmas.data)
  })

  it('comes as near to the exact path as is asked for', async () => {
    const exact = START[0]! * SIGMA_MAX * Math.sqrt((VARIANCE + SIGMA_MIN ** 2) / (VARIANCE + SIGMA_MAX ** 2))
    const errorAt = async (relativeTolerance: number) => {
      const sampler = createDpmAdaptive({ relativeTolerance, absoluteTolerance: relativeTolerance / 10 })
      return Math.abs((await sampler(start(), runOf(0).run)).data[0]! / exact - 1)
    }
    const [rough, fine] = [await errorAt(0.05), await errorAt(0.001)]
    expect(fine).toBeLessThan(rough / 5)
  })

  it('refuses to add noise on the way up', async () => {
    const span = { sigmaMin: 2, sigmaMax: 1, evaluations: 3 }
    await expect(createDpmAdaptive({}, span)(start(), runOf(1).run)).rejects.toThrow('eta must be 0')
  })
})
