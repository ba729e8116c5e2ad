import type { InfotextNumber } from '../infotext/create-infotext.ts'
import type { GenerationPlan } from './generation-plan.ts'

/** Shares of merged tokens as the options say them: of the first pass, and of a second where there is one. */
export interface TokenMergingRatios {
  readonly first: InfotextNumber
  readonly hires?: InfotextNumber
}

/** Image to image and the second pass have options of their own, which count where they are not 0 (A1111). */
export function tokenMergingRatios({ options, request, isImageToImage }: GenerationPlan): TokenMergingRatios {
  const ratio = (key: string) => (options.get(key) ?? 0) as InfotextNumber
  const own = ratio(isImageToImage ? 'token_merging_ratio_img2img' : 'token_merging_ratio')
  const first = Number(own) === 0 ? ratio('token_merging_ratio') : own
  if (!request.flag('enable_hr')) return { first }
  const hires = ratio('token_merging_ratio_hr')
  return { first, hires: Number(hires) === 0 ? first : hires }
}

/** The largest share A1111's settings page offers. */
const MAX_RATIO = 0.9

/** A share as jobs have it; what is no number is none. */
export function limitRatio(ratio: InfotextNumber): number {
  const number = Number(ratio)
  return Number.isFinite(number) ? Math.min(Math.max(number, 0), MAX_RATIO) : 0
}
