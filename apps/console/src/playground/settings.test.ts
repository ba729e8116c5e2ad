import { describe, expect, it } from 'vitest'
import { DEFAULT_SETTINGS, restoreSettings } from './settings.ts'

describe('restoreSettings', () => {
  it('takes what fits, and nothing else', () => {
    const kept = { prompt: 'kept', steps: '20', width: null, seed: 7, strange: true }
    expect(restoreSettings(kept)).toEqual({ ...DEFAULT_SETTINGS, prompt: 'kept', seed: 7 })
    for (const nothing of [undefined, null, 'text', 4])
      expect(restoreSettings(nothing)).toBe(DEFAULT_SETTINGS)
  })
})
