import { describe, expect, it } from 'vitest'
import { LEASE_MS } from '../job-state.ts'
import { LeaseWatch } from './lease-watch.ts'

const HOUR = 3_600_000

describe('LeaseWatch', () => {
  const open = () => {
    const clock = { elapsed: 0, wall: 1_000 * HOUR }
    const watch = new LeaseWatch(() => clock.elapsed)
    const look = (...leases: [string, number][]) =>
      watch
        .findExpired(
          leases.map(([id, leaseUntil]) => ({ id, leaseUntil })),
          clock.wall,
        )
        .map(({ id }) => id)
    const pass = (milliseconds: number) => {
      clock.elapsed += milliseconds
      clock.wall += milliseconds
    }
    return { clock, look, pass }
  }

  it('judges what it finds at its first look by the wall clock', () => {
    const { clock, look } = open()
    expect(look(['dead', clock.wall - 1], ['held', clock.wall + LEASE_MS])).toEqual(['dead'])
  })

  it('lets a lease run out that is not renewed for its time', () => {
    const { clock, look, pass } = open()
    look()
    const until = clock.wall + LEASE_MS
    expect(look(['a', until])).toEqual([])
    pass(LEASE_MS)
    expect(look(['a', until])).toEqual([])
    pass(1)
    expect(look(['a', until])).toEqual(['a'])
  })

  it('keeps a lease that is renewed, and one whose clock jumped forward', () => {
    const { clock, look, pass } = open()
    let until = clock.wall + LEASE_MS
    look(['a', until])
    for (let i = 0; i < 10; i += 1) {
      pass(5_000)
      until += 5_000
      expect(look(['a', until])).toEqual([])
    }
    clock.wall += HOUR
    expect(look(['a', until])).toEqual([])
    pass(5_000)
    expect(look(['a', clock.wall + LEASE_MS])).toEqual([])
  })

  it('does not wait for a lease that seems to last an hour because a clock jumped back', () => {
    const { clock, look, pass } = open()
    const until = clock.wall + LEASE_MS
    look(['a', until])
    clock.wall -= HOUR
    pass(LEASE_MS + 1)
    expect(look(['a', until])).toEqual(['a'])
  })
})
