import { describe, expect, it } from 'vitest'
import { ByteCache } from './byte-cache.ts'

const bytes = (length: number) => new Uint8Array(length)

describe('ByteCache', () => {
  it('keeps bytes up to its limit, the least recently used ones leave first', () => {
    const cache = new ByteCache(400)
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, bytes(100))
    cache.get('a')
    cache.set('e', bytes(100))
    expect(['a', 'b', 'c', 'd', 'e'].filter((key) => cache.get(key) !== undefined)).toEqual([
      'a',
      'c',
      'd',
      'e',
    ])
  })

  it('counts a key once that is set again', () => {
    const cache = new ByteCache(400)
    for (let i = 0; i < 10; i += 1) cache.set('a', bytes(100))
    for (const key of ['b', 'c', 'd']) cache.set(key, bytes(100))
    expect(cache.get('a')).toBeDefined()
  })

  it('does not keep what would drive out most of the rest', () => {
    const cache = new ByteCache(400)
    cache.set('a', bytes(101))
    expect(cache.get('a')).toBeUndefined()
  })

  it('forgets by prefix', () => {
    const cache = new ByteCache(400)
    for (const key of ['x/1', 'x/2', 'y/1']) cache.set(key, bytes(10))
    cache.deletePrefix('x/')
    expect(['x/1', 'x/2', 'y/1'].map((key) => cache.get(key)?.length)).toEqual([undefined, undefined, 10])
  })
})
