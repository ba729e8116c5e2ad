import { describe, expect, it } from 'vitest'
import { toStopGraceMs } from './config.ts'

describe('toStopGraceMs', () => {
  it('leaves programs the time they were told to drain for, and a margin', () => {
    expect(toStopGraceMs({ ATELIER_DRAIN_SECONDS: '300' })).toBe(310_000)
  })

  it('is half a minute where nothing or less is set', () => {
    for (const seconds of [undefined, '', '0', '5', 'soon'])
      expect(toStopGraceMs({ ATELIER_DRAIN_SECONDS: seconds })).toBe(30_000)
  })
})
