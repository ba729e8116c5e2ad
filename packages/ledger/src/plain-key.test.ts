import { describe, expect, it } from 'vitest'
import { toPlainKey } from './plain-key.ts'

describe('toPlainKey', () => {
  it.each([
    ['results/0f-1/1/0', 'results/0f-1/1/0'],
    ['workers/gpu box/ff', 'workers/gpu box/ff'],
    ['workers/é/ff', 'workers/%C3%A9/ff'],
    ['workers/%C3%A9/ff', 'workers/%25C3%25A9/ff'],
    ['workers/猫\n/ff', 'workers/%E7%8C%AB%0A/ff'],
  ])('writes %j as %s', (key, plain) => {
    expect(toPlainKey(key)).toBe(plain)
  })
})
