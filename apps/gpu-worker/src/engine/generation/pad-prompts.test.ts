import { PromptPadding } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { padPrompts } from './pad-prompts.ts'

const tokens = (...values: number[]): Tensor => createTensor([1, values.length, 1], Float32Array.from(values))
const batch = (positive: Tensor, negative: Tensor) => ({
  positive: [[{ weight: 1, tokens: positive }]],
  negative: [[{ weight: 1, tokens: negative }]],
})
const pad = (padding: PromptPadding, positive: Tensor, negative: Tensor) => {
  const padded = padPrompts(batch(positive, negative), { padding, empty: tokens(8, 9) })
  const read = (images: typeof padded.positive) => [...images[0]![0]!.tokens.data]
  return [read(padded.positive), read(padded.negative), padded.isPadded]
}
const { PROMPT_PADDING_EMPTY: EMPTY, PROMPT_PADDING_LAST_TOKEN: LAST } = PromptPadding

// What A1111's `pad_cond_uncond` and `pad_cond_uncond_v0` do, with chunks of two tokens.
describe('padPrompts', () => {
  it('lets empty prompts follow the shorter one', () => {
    expect(pad(EMPTY, tokens(1, 2, 3, 4, 5, 6), tokens(7, 0))).toEqual([
      [1, 2, 3, 4, 5, 6],
      [7, 0, 8, 9, 8, 9],
      true,
    ])
    expect(pad(EMPTY, tokens(1, 2), tokens(3, 4, 5, 6))).toEqual([[1, 2, 8, 9], [3, 4, 5, 6], true])
  })

  it('lets the last token follow the negative prompt, or cuts it off', () => {
    expect(pad(LAST, tokens(1, 2, 3, 4), tokens(5, 6))).toEqual([[1, 2, 3, 4], [5, 6, 6, 6], true])
    expect(pad(LAST, tokens(1, 2), tokens(3, 4, 5, 6))).toEqual([[1, 2], [3, 4], true])
  })

  it('leaves equal lengths, and everything without a wish, alone', () => {
    expect(pad(EMPTY, tokens(1, 2), tokens(3, 4))).toEqual([[1, 2], [3, 4], false])
    const alone = batch(tokens(1, 2), tokens(3))
    expect(padPrompts(alone, undefined)).toEqual({ ...alone, isPadded: false })
  })
})
