import { describe, expect, it } from 'vitest'
import { checkAdmission } from './admission.ts'

const limits = { maxQueued: 10, maxQueuedPerTenant: 3 }

describe('checkAdmission', () => {
  it('admits up to the limits', () => {
    expect(() => checkAdmission({ all: 9, tenant: 2 }, limits)).not.toThrow()
  })

  it('refuses one tenant that has too many waiting, with the limit and the count', () => {
    expect(() => checkAdmission({ all: 3, tenant: 3 }, limits)).toThrow(
      expect.objectContaining({
        code: 'tenant-queue-full',
        retryable: true,
        message: expect.stringContaining('at most 3'),
      }),
    )
  })

  it('refuses everyone when the stores are short of room, in their words', () => {
    expect(() => checkAdmission({ all: 0, tenant: 0 }, limits, 'pictures holds 9 of 10')).toThrow(
      expect.objectContaining({ code: 'queue-full', message: 'pictures holds 9 of 10' }),
    )
  })

  it('refuses everyone when the whole queue is full', () => {
    expect(() => checkAdmission({ all: 10, tenant: 0 }, limits)).toThrow(
      expect.objectContaining({ code: 'queue-full' }),
    )
  })
})
