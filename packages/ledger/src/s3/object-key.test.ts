import { describe, expect, it } from 'vitest'
import { toObjectKey } from './object-key.ts'

describe('toObjectKey', () => {
  it.each([
    ['results/0f-1/1/0', 'results/0f-1/1/0'],
    ['inputs/a/../x', 'inputs/a/~2E~2E~/x'],
    ['inputs/a/./x', 'inputs/a/~2E~/x'],
    ['inputs//x', 'inputs/~/x'],
    ['inputs/a b~/é', 'inputs/a~20b~7E/~C3~A9'],
    ['v1.0/a.png', 'v1.0/a.png'],
  ])('writes %j as %s', (key, expected) => {
    expect(toObjectKey(key)).toBe(expected)
    // An address keeps it as it is.
    expect(new URL(`http://h/bucket/${expected}`).pathname).toBe(`/bucket/${expected}`)
  })
})
