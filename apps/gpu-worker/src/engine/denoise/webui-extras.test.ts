import { describe, expect, it } from 'vitest'
import { PlanError } from './plan.ts'
import { parseWebuiExtras } from './webui-extras.ts'

describe('parseWebuiExtras', () => {
  it('gives A1111’s defaults where nothing is said', () => {
    expect(parseWebuiExtras('')).toEqual(parseWebuiExtras('{}'))
    expect(parseWebuiExtras('')).toEqual({
      sampling: {
        usesOldSigmas: false,
        betaShape: { alpha: 0.6, beta: 0.6 },
        usesSgmNoise: false,
        extraNoise: 0,
        uniPc: { variant: 'bh1', skipType: 'time_uniform', order: 3, lowersLastOrders: true },
      },
      schedule: { isZeroTerminal: false, isHalfPrecision: false },
      skips: { skipsAll: false, earlyShare: 0 },
    })
  })

  it('changes the trained schedule where the options say so', () => {
    const text = '{"sd_noise_schedule": "Zero Terminal SNR", "use_downcasted_alpha_bar": true}'
    expect(parseWebuiExtras(text).schedule).toEqual({ isZeroTerminal: true, isHalfPrecision: true })
    const other = '{"sd_noise_schedule": "another"}'
    expect(parseWebuiExtras(other).schedule.isZeroTerminal).toBe(false)
  })

  it('takes options by A1111’s names', () => {
    const text = JSON.stringify({
      uni_pc_order: 2,
      uni_pc_variant: 'bh2',
      uni_pc_skip_type: 'logSNR',
      uni_pc_lower_order_final: false,
      skip_early_cond: 0.25,
      s_min_uncond_all: true,
      img2img_extra_noise: 0.1,
    })
    const { sampling, skips } = parseWebuiExtras(text)
    expect(sampling.uniPc).toEqual({ variant: 'bh2', skipType: 'logSNR', order: 2, lowersLastOrders: false })
    expect(sampling.extraNoise).toBe(0.1)
    expect(skips).toEqual({ skipsAll: true, earlyShare: 0.25 })
  })

  it.each([
    ['{"uni_pc_order": "three"}', 'the option uni_pc_order must be a number, got "three"'],
    ['{"sgm_noise_multiplier": 1}', 'the option sgm_noise_multiplier must be true or false, got 1'],
    ['{"uni_pc_variant": "bh3"}', 'the option uni_pc_variant must be one of bh1, bh2, got "bh3"'],
    ['{"beta_dist_alpha": 0}', 'beta_dist_alpha and beta_dist_beta must be above 0, got 0 and 0.6'],
    ['[1]', 'the extra options are not a JSON object'],
    ['null', 'the extra options are not a JSON object'],
    ['{', 'the extra options are not JSON'],
  ])('refuses %s', (text, message) => {
    expect(() => parseWebuiExtras(text)).toThrow(PlanError)
    expect(() => parseWebuiExtras(text)).toThrow(message)
  })

  it('keeps UniPC’s order at one and above', () => {
    expect(parseWebuiExtras('{"uni_pc_order": 0}').sampling.uniPc?.order).toBe(1)
  })
})
