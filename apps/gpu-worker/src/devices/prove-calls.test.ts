import { describe, expect, it } from 'vitest'
import { proveInChild } from './prove-calls.ts'

describe('proveInChild', () => {
  it('passes a device that calculates', async () => {
    expect(await proveInChild('cpu', { ...process.env, ATELIER_THREADS: '1' })).toBeUndefined()
  })

  // No machine has a hundredth GPU; without CUDA's libraries the reason is another, but there is one.
  it('gives the reason of one that does not', async () => {
    const fault = await proveInChild('cuda:99', { ...process.env, ATELIER_THREADS: '1' })
    expect(fault).toMatch(/^the device cuda:99 cannot calculate: ./)
  })
})
