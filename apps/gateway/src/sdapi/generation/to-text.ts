import { PromptPadding, type GenerationJob } from '@atelier/proto'
import { optionFlag, optionNumber, optionText, type Options } from '../options/options-store.ts'
import type { GenerationPlan } from './generation-plan.ts'

/** How prompts are read and encoded. */
export function toText({ clipSkip, options, request }: GenerationPlan): NonNullable<GenerationJob['text']> {
  return {
    clipSkip,
    emphasis: optionText(options, 'emphasis'),
    commaPaddingBacktrack: optionNumber(options, 'comma_padding_backtrack', 20),
    useOldScheduling: optionFlag(options, 'use_old_scheduling'),
    readsWeightsFromTokens: optionFlag(options, 'use_old_emphasis_implementation'),
    disableExtraNetworks: request.flag('disable_extra_networks'),
    clipSkipForPairs: optionFlag(options, 'sdxl_clip_l_skip'),
    padding: toPadding(options),
  }
}

/** The older way goes before the newer one. */
function toPadding(options: Options): PromptPadding {
  if (optionFlag(options, 'pad_cond_uncond_v0')) return PromptPadding.PROMPT_PADDING_LAST_TOKEN
  return optionFlag(options, 'pad_cond_uncond')
    ? PromptPadding.PROMPT_PADDING_EMPTY
    : PromptPadding.PROMPT_PADDING_UNSPECIFIED
}
