import { describe, expect, it } from 'vitest'
import { MODELS } from './test-kit/recorded-models.ts'
import { readRecordings, worstRelative } from './test-kit/read-recordings.ts'
import {
  consistencyShares,
  createContinuousSampling,
  createModelSampling,
  createZeroTerminalSampling,
} from './model-sampling.ts'

interface Conversion {
  readonly kind: string
  readonly rule?: string
  readonly quantize?: boolean
  readonly t: number[]
  readonly sigma: number[]
  readonly percent: number[]
}

const rows = [
  ...readRecordings<Conversion>('sigmas-webui.jsonl', import.meta.url),
  ...readRecordings<Conversion>('sigmas-comfy.jsonl', import.meta.url),
]
const of = (kind: string) => rows.filter((row) => row.kind === kind)
const modelOf = ({ rule }: Conversion) => MODELS[rule ?? 'sd1'] ?? MODELS['sd1']!

describe('createModelSampling', () => {
  const model = createModelSampling()

  it('has the sigmas of the scaled-linear betas', () => {
    const at = [0, 1, 99, 199, 249, 499, 749, 999].map((t) => model.sigmas[t]!)
    const expected = [0.0291672, 0.0413144, 0.3416738, 0.5692849, 0.6932049, 1.6128862, 4.0817294, 14.6146412]
    expect(worstRelative(at, expected)).toBeLessThan(2e-6)
  })

  it.each(of('t_to_sigma'))('turns timesteps into sigmas as the originals do ($rule)', (row) => {
    const model = modelOf(row)
    expect(
      worstRelative(
        row.t.map((t) => model.toSigma(t)),
        row.sigma,
      ),
    ).toBeLessThan(1e-5)
  })

  it.each(of('sigma_to_t'))(
    'turns sigmas into timesteps as the originals do ($rule, quantize $quantize)',
    (row) => {
      const model = modelOf(row)
      const isFractional = row.rule === 'k-diffusion' && row.quantize === false
      const actual = row.sigma.map((s) => (isFractional ? model.toTimestep(s) : model.toNearestTimestep(s)))
      row.t.forEach((t, i) => expect(actual[i]).toBeCloseTo(t, isFractional ? 2 : 9))
    },
  )

  it.each(of('percent_to_sigma'))('turns shares of the schedule into sigmas', ({ percent, sigma }) => {
    expect(
      worstRelative(
        percent.map((p) => model.atPercent(p)),
        sigma,
      ),
    ).toBeLessThan(1e-5)
  })

  it('comes back to a timestep from its sigma', () => {
    for (let t = 0; t <= 999; t += 37) {
      expect(model.toNearestTimestep(model.toSigma(t))).toBe(t)
      expect(model.toTimestep(model.toSigma(t))).toBeCloseTo(t, 2)
    }
  })

  it('keeps timesteps within the trained ones', () => {
    expect(model.toTimestep(1e6)).toBe(999)
    expect(model.toTimestep(1e-6)).toBe(0)
    expect(model.toSigma(5000)).toBe(model.toSigma(999))
    expect(model.toSigma(-3)).toBe(model.toSigma(0))
  })
})

describe('createZeroTerminalSampling', () => {
  it('ends at the published sigmas', () => {
    const { sigmas } = createZeroTerminalSampling()
    const at = [0, 1, 499, 998, 999].map((t) => sigmas[t]!)
    expect(worstRelative(at, [0.0291672, 0.0420676, 1.7680802, 2254.24, 4518.76])).toBeLessThan(5e-6)
  })
})

describe('createContinuousSampling', () => {
  const model = createContinuousSampling(0.002, 80)

  it('gives the network a quarter of the logarithm', () => {
    expect(model.toNearestTimestep(Math.E ** 4)).toBeCloseTo(1, 12)
    expect(model.toSigma(0.5)).toBeCloseTo(Math.E ** 2, 5)
  })

  it('goes evenly through the logarithms', () => {
    expect(model.atPercent(0.5)).toBeCloseTo(Math.sqrt(0.002 * 80), 10)
    expect(model.sigmaMin).toBeCloseTo(0.002, 8)
    expect(model.sigmaMax).toBeCloseTo(80, 4)
  })
})

describe('consistencyShares', () => {
  it('leaves the input alone at timestep 0 and takes the prediction later on', () => {
    expect(consistencyShares(0)).toEqual({ skip: 1, out: 0 })
    const { skip, out } = consistencyShares(999)
    expect(skip).toBeLessThan(1e-8)
    expect(out).toBeCloseTo(1, 8)
  })
})
