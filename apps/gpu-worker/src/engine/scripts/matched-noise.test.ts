import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fillWithMatchedNoise } from './matched-noise.ts'

interface NoiseCase {
  readonly width: number
  readonly height: number
  readonly exponent: number
  readonly colourVariation: number
  readonly picture: string
  readonly mask: string
  readonly expected: string
}

// Made with get_matched_noise of A1111 v1.10.1 (NumPy 1.26, scikit-image 0.21); bytes of RGB, grey and RGB in base64.
const CASES = JSON.parse(
  readFileSync(new URL('./__fixtures__/matched-noise.json', import.meta.url), 'utf8'),
) as NoiseCase[]
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))

describe('noise shaped like a picture', () => {
  it.each(CASES)('is the original’s, $width x $height, exponent $exponent', (one) => {
    const { width, height } = one
    const picture = { width, height, channels: 3 as const, data: bytes(one.picture) }
    const filled = fillWithMatchedNoise(picture, { width, height, data: bytes(one.mask) }, one)
    expect(Buffer.from(filled.data).equals(Buffer.from(bytes(one.expected)))).toBe(true)
  })

  it('leaves a black picture black outside the mask, and finds numbers inside', () => {
    const picture = { width: 8, height: 8, channels: 3 as const, data: new Uint8Array(192) }
    const mask = { width: 8, height: 8, data: new Uint8Array(64).fill(255, 32) }
    const filled = fillWithMatchedNoise(picture, mask, { exponent: 1, colourVariation: 0 })
    expect([...filled.data]).toEqual(Array.from({ length: 192 }, () => 0))
  })
})
