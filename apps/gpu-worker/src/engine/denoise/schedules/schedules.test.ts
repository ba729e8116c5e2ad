import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createModelSampling } from '../model-sampling.ts'
import { COMFY_SCHEDULES, WEBUI_SCHEDULES } from './index.ts'
import { inverseBeta } from './inverse-beta.ts'
import { linspace } from './schedule.ts'

const model = createModelSampling()
const { sigmaMin, sigmaMax } = model
const inputs = (count: number) => ({ count, sigmaMin, sigmaMax, model })
const all = [...Object.entries(WEBUI_SCHEDULES), ...Object.entries(COMFY_SCHEDULES)]

describe('every schedule', () => {
  it.each(all)('%s descends and stays between the model’s ends', (_, schedule) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), (count) => {
        const sigmas = schedule.sigmas(inputs(count))
        expect(sigmas.length).toBeGreaterThan(0)
        sigmas.forEach((sigma, i) => {
          expect(sigma).toBeGreaterThan(0)
          expect(sigma).toBeLessThan(sigmaMax * 1.0001)
          if (i > 0) expect(sigma).toBeLessThanOrEqual(sigmas[i - 1]!)
        })
      }),
      { numRuns: 25 },
    )
  })

  it.each(all)('%s gives as many sigmas as asked, but for the known ones', (name, schedule) => {
    const drifts = ['ddim', 'ddim_uniform', 'beta']
    const count = schedule.sigmas(inputs(20)).length
    if (schedule.isComplete === true) expect(count).toBe(21)
    else if (!drifts.includes(name)) expect(count).toBe(20)
  })

  it.each(all.filter(([name]) => !name.startsWith('align') && name !== 'ddim' && name !== 'ddim_uniform'))(
    '%s begins at the largest sigma',
    (_, schedule) => {
      expect(schedule.sigmas(inputs(12))[0]).toBeCloseTo(sigmaMax, 4)
    },
  )
})

describe('linspace', () => {
  it('ends exactly at its ends', () => {
    const list = linspace(Math.log(14.6), Math.log(0.029), 33)
    expect(list[0]).toBe(Math.fround(Math.log(14.6)))
    expect(list[32]).toBe(Math.fround(Math.log(0.029)))
  })

  it('is its start alone for one value', () => {
    expect(linspace(3, 9, 1)).toEqual([3])
  })
})

describe('inverseBeta', () => {
  it('is the identity for an even distribution', () => {
    for (const p of [0, 0.1, 0.5, 0.77, 1]) expect(inverseBeta(p, { alpha: 1, beta: 1 })).toBeCloseTo(p, 12)
  })

  it('inverts the powers a single parameter gives', () => {
    for (const p of [0.01, 0.2, 0.9]) {
      expect(inverseBeta(p, { alpha: 2.5, beta: 1 })).toBeCloseTo(p ** (1 / 2.5), 12)
      expect(inverseBeta(p, { alpha: 1, beta: 2 })).toBeCloseTo(1 - Math.sqrt(1 - p), 12)
    }
  })

  it('inverts the arcsine law', () => {
    for (const p of [0.05, 0.3, 0.8])
      expect(inverseBeta(p, { alpha: 0.5, beta: 0.5 })).toBeCloseTo(Math.sin((Math.PI * p) / 2) ** 2, 11)
  })
})
