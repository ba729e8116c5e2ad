import { describe, expect, it } from 'vitest'
import { contentHeaders, guessMediaType, isPictureName } from './media-types.ts'

describe('guessMediaType', () => {
  it.each([
    ['a.PNG', 'image/png'],
    ['a.b.jpeg', 'image/jpeg'],
    ['noext', 'application/octet-stream'],
    ['a.constructor', 'application/octet-stream'],
    ['.png', 'image/png'],
  ])('takes %s for %s', (name, type) => {
    expect(guessMediaType(name)).toBe(type)
  })

  it('knows pictures by their names', () => {
    expect(['a.png', 'a.svg', 'a.txt', 'a'].map(isPictureName)).toEqual([true, true, false, false])
  })
})

describe('contentHeaders', () => {
  it.each(['a.html', 'a.xhtml', 'a.css', 'a.js', 'a.svg', 'a.xml'])('forbids scripts in %s', (name) => {
    for (const use of ['view', 'userdata'] as const) {
      const headers = contentHeaders(name, use)
      expect(headers['content-security-policy']).toBe("sandbox; default-src 'none'")
      expect(headers['x-content-type-options']).toBe('nosniff')
    }
  })

  it('sends pages as bytes where pictures are looked at', () => {
    expect(contentHeaders('a.html', 'view')['content-type']).toBe('application/octet-stream')
    expect(contentHeaders('a.html', 'userdata')['content-type']).toBe('text/html')
    expect(contentHeaders('a.png', 'view')).toEqual({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
    })
  })
})
