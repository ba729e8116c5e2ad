import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromToken, toToken } from './key-token.ts'

describe('toToken', () => {
  it('makes one part of a key of any text, which can be read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const token = toToken(text)
        // The characters NATS takes in a key, without the dot between parts.
        expect(token).toMatch(/^[-/=\w]+$/)
        expect(fromToken(token)).toBe(Buffer.from(text).toString())
      }),
    )
  })

  it('refuses what would not fit into a subject, with both sizes', () => {
    expect(() => toToken('x'.repeat(1_501))).toThrow(/1501.*1500/)
  })
})
