import { PromptPadding } from '@atelier/proto'
import type { BatchConditioning, WeightedContext } from '../denoise/guidance.ts'
import { extendTokens, joinTokens } from '../text-encode/conditioning.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** How the shorter of prompt and negative prompt is made as long as the other. */
export interface PromptPad {
  readonly padding: PromptPadding
  /** [1, 77, width]: an empty prompt, encoded. */
  readonly empty: Tensor
}

/** A batch's conditioning, and whether anything of it was made longer or shorter. */
export interface PaddedConditioning extends BatchConditioning {
  readonly isPadded: boolean
}

/**
 * Makes prompts and negative prompts equally long, so that they share an evaluation (A1111's `pad_cond_uncond`). All
 * prompts of a batch have one length already.
 */
export function padPrompts(batch: BatchConditioning, pad: PromptPad | undefined): PaddedConditioning {
  const [longest, other] = [batch.positive, batch.negative].map(countTokens) as [number, number]
  if (pad === undefined || longest === 0 || other === 0 || longest === other)
    return { ...batch, isPadded: false }
  const change = (images: BatchConditioning['positive'], to: (tokens: Tensor) => Tensor) =>
    images.map((contexts) => contexts.map((one): WeightedContext => ({ ...one, tokens: to(one.tokens) })))
  if (pad.padding === PromptPadding.PROMPT_PADDING_LAST_TOKEN) {
    const fit = (tokens: Tensor) => extendTokens(cutTokens(tokens, longest), longest)
    return { ...batch, negative: change(batch.negative, fit), isPadded: true }
  }
  const length = Math.max(longest, other)
  const follow = (tokens: Tensor) => appendEmpty(tokens, pad.empty, length)
  return {
    positive: change(batch.positive, follow),
    negative: change(batch.negative, follow),
    isPadded: true,
  }
}

function countTokens(images: BatchConditioning['positive']): number {
  return Math.max(0, ...images.flat().map(({ tokens }) => tokens.shape[1] ?? 0))
}

/** As many whole empty prompts as fit behind. */
function appendEmpty(tokens: Tensor, empty: Tensor, length: number): Tensor {
  const count = Math.floor((length - tokens.shape[1]!) / empty.shape[1]!)
  return count <= 0 ? tokens : joinTokens([tokens, ...Array.from({ length: count }, () => empty)])
}

function cutTokens(tokens: Tensor, count: number): Tensor {
  const [rows, had, width] = tokens.shape as [number, number, number]
  // Conditionings have one row.
  return had <= count ? tokens : createTensor([rows, count, width], tokens.data.slice(0, count * width))
}
