import { describe, expect, it } from 'vitest'
import { cacheControlOf, cacheControlOfUnknown } from './cache-control.ts'

describe('cacheControlOf', () => {
  it.each([
    ['/a.js', 200, 'no-cache'],
    ['/a.css', 404, 'no-cache'],
    ['/templates/index.de.json', 200, 'no-cache'],
    ['/other.json', 200, undefined],
    ['/a.PNG', 200, 'public, max-age=86400'],
    ['/a.jpeg', 206, 'public, max-age=86400'],
    ['/a.tif', 308, 'public, max-age=86400'],
    ['/a.webp', 404, 'public, max-age=3600'],
    ['/a.png', 302, 'no-cache'],
    ['/a.png', 500, undefined],
    ['/view', 200, undefined],
  ])('%s with %i: %s', (path, status, value) => {
    expect(cacheControlOf(path, status)).toBe(value)
  })

  it('treats an unknown picture as if it were there', () => {
    expect(cacheControlOfUnknown('/a.png')).toBe('public, max-age=86400')
    expect(cacheControlOfUnknown('/a')).toBeUndefined()
  })
})
