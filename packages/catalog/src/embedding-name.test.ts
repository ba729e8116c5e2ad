import { describe, expect, it } from 'vitest'
import { isEmbeddingPicture, toEmbeddingName } from './embedding-name.ts'

describe('toEmbeddingName', () => {
  it.each([
    ['style.pt', { name: 'other' }, 'style'],
    ['folder/my.style.safetensors', {}, 'my.style'],
    ['style.png', { name: 'painted' }, 'painted'],
    ['folder/style.WEBP', { name: 'painted' }, 'painted'],
    ['style.png', {}, 'style'],
    ['style.png', { name: '' }, 'style'],
  ])('names %s with %j as %s', (name, metadata, expected) => {
    expect(toEmbeddingName({ name, metadata: { ...metadata } })).toBe(expected)
  })
})

describe('isEmbeddingPicture', () => {
  it('goes by the extension', () => {
    expect(['a.png', 'b.PNG', 'c.webp', 'd.pt', 'png'].map(isEmbeddingPicture)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
