import { describe, expect, it } from 'vitest'
import { writeSamplerExtras } from './sampler-extras.ts'

describe('writeSamplerExtras', () => {
  it('is empty where every option is as A1111 has it', () => {
    expect(writeSamplerExtras(new Map())).toBe('')
    const defaults = new Map<string, never>([
      ['uni_pc_order', 3n as never],
      ['uni_pc_lower_order_final', true as never],
      ['uni_pc_variant', 'bh1' as never],
    ])
    expect(writeSamplerExtras(defaults)).toBe('')
  })

  it('names what has been changed, whole numbers as numbers', () => {
    const options = new Map<string, never>([
      ['uni_pc_order', 2n as never],
      ['uni_pc_lower_order_final', false as never],
      ['uni_pc_skip_type', 'logSNR' as never],
      ['skip_early_cond', 0.25 as never],
      ['samples_format', 'png' as never],
    ])
    expect(JSON.parse(writeSamplerExtras(options))).toEqual({
      uni_pc_order: 2,
      uni_pc_lower_order_final: false,
      uni_pc_skip_type: 'logSNR',
      skip_early_cond: 0.25,
    })
  })
})
