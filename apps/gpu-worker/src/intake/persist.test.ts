import { AtelierError } from '@atelier/ledger'
import { describe, expect, it, vi } from 'vitest'
import { persist } from './persist.ts'

const away = new AtelierError('unavailable', 'away')
const full = new AtelierError('queue-full', 'full')
const options = (more = {}) => ({ isWanted: () => true, onRetry: vi.fn(), firstPauseMs: 1, ...more })

describe('persist', () => {
  it('tries until a ledger that was away, then full, takes it', async () => {
    const work = vi.fn().mockRejectedValueOnce(away).mockRejectedValueOnce(full).mockResolvedValue('stored')
    const given = options()
    expect(await persist(work, given)).toBe('stored')
    expect(given.onRetry.mock.calls.flat()).toEqual([away, full])
  })

  it('throws what will not pass at once', async () => {
    const fault = new AtelierError('internal', 'damaged')
    const work = vi.fn().mockRejectedValue(fault)
    await expect(persist(work, options())).rejects.toBe(fault)
    await expect(persist(vi.fn().mockRejectedValue(new Error('x')), options())).rejects.toThrow('x')
    expect(work).toHaveBeenCalledTimes(1)
  })

  it('gives up when nobody wants it any more', async () => {
    let left = 3
    const work = vi.fn().mockRejectedValue(away)
    await expect(persist(work, options({ isWanted: () => (left -= 1) > 0 }))).rejects.toBe(away)
    expect(work).toHaveBeenCalledTimes(3)
  })
})
