import { describe, expect, it } from 'vitest'
import { MissedFrames } from './missed-frames.ts'

describe('MissedFrames', () => {
  it('gives what was kept, once', () => {
    const missed = new MissedFrames(() => 0)
    missed.keep('a', '1', 'j')
    missed.keep('a', '2', 'j')
    missed.keep('b', '3', 'j')
    expect(missed.take('a')).toEqual(['1', '2'])
    expect(missed.take('a')).toEqual([])
    expect(missed.take('b')).toEqual(['3'])
  })

  it('forgets what a client has heard of one job, and keeps the rest', () => {
    const missed = new MissedFrames(() => 0)
    missed.keep('a', '1', 'first')
    missed.keep('a', '2', 'second')
    missed.drop('a', 'first')
    missed.drop('b', 'second')
    expect(missed.take('a')).toEqual(['2'])
  })

  it('forgets after a minute', () => {
    let now = 0
    const missed = new MissedFrames(() => now)
    missed.keep('a', '1', 'j')
    now = 60_001
    expect(missed.take('a')).toEqual([])
  })

  it('keeps a limited number of clients and frames', () => {
    const missed = new MissedFrames(() => 0)
    for (let i = 0; i <= 1_000; i += 1) missed.keep(`client ${i}`, 'x', 'j')
    expect(missed.take('client 0')).toEqual([])
    expect(missed.take('client 1')).toEqual(['x'])
    for (let i = 0; i < 300; i += 1) missed.keep('busy', `${i}`, 'j')
    expect(missed.take('busy')).toHaveLength(200)
  })
})
