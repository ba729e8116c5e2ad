import { describe, expect, it } from 'vitest'
import { listComfySigmas } from './plan-comfy.ts'
import { MODELS } from './test-kit/recorded-models.ts'
import { readRecordings, worstRelative } from './test-kit/read-recordings.ts'

/** What ComfyUI 0.3.64 says of a rectified flow. */
interface Recorded {
  readonly model: string
  readonly schedule?: string
  readonly steps?: number
  readonly sigmas: readonly number[]
  readonly percents?: readonly [number, number][]
  readonly timesteps?: readonly [number, number][]
  readonly at?: readonly [number, number][]
}

const rows = readRecordings<Recorded>('sigmas-flow.jsonl', import.meta.url)

describe('schedules over rectified flows', () => {
  it.each(rows.filter(({ schedule }) => schedule !== undefined))(
    'equal the recorded ones: $model $schedule $steps',
    ({ model, schedule, steps, sigmas }) => {
      expect(worstRelative(listComfySigmas(schedule!, steps!, MODELS[model]!), sigmas)).toBeLessThan(1e-6)
    },
  )
})

describe('a rectified flow', () => {
  it.each(rows.filter(({ schedule }) => schedule === undefined))(
    'has the recorded sigmas and timesteps: $model',
    ({ model: name, sigmas, percents, timesteps, at }) => {
      const model = MODELS[name]!
      expect(worstRelative([model.sigmaMin, model.sigmaMax], sigmas)).toBeLessThan(1e-6)
      for (const [percent, sigma] of percents!) expect(model.atPercent(percent)).toBeCloseTo(sigma, 12)
      for (const [sigma, timestep] of timesteps!)
        expect(worstRelative([model.toNearestTimestep(sigma)], [timestep])).toBeLessThan(1e-6)
      for (const [timestep, sigma] of at!)
        expect(worstRelative([model.toSigma(timestep)], [sigma])).toBeLessThan(1e-6)
    },
  )
})
