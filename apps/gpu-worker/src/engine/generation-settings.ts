import { NoiseSource, type NoiseSettings, type TextSettings } from '@atelier/proto'
import type { GeneratorKind } from './denoise/noise/generator.ts'
import type { WebuiTextSettings } from './text-encode/encode-webui-prompt.ts'
import type { EmphasisMode } from './text-encode/prompt-webui/parse-emphasis.ts'

const EMPHASIS_MODES: readonly string[] = ['None', 'Ignore', 'Original', 'No norm'] satisfies EmphasisMode[]

/** The generator a job's noise comes from; A1111's default, CUDA's, where the job does not say. */
export function toNoiseKind(noise: NoiseSettings | undefined): GeneratorKind {
  return noise?.source === NoiseSource.NOISE_SOURCE_CPU ? 'cpu' : 'philox'
}

/** A job's text settings as prompts are encoded with them; an unknown emphasis mode is A1111's default. */
export function toTextSettings(text: TextSettings | undefined, steps: number): WebuiTextSettings {
  const emphasis = text?.emphasis ?? ''
  return {
    steps,
    clipSkip: text?.clipSkip || 1,
    skipsForPairs: text?.clipSkipForPairs ?? false,
    emphasis: EMPHASIS_MODES.includes(emphasis) ? (emphasis as EmphasisMode) : 'Original',
    commaBacktrack: text?.commaPaddingBacktrack ?? 20,
    useOldScheduling: text?.useOldScheduling ?? false,
    readsWeightsFromTokens: text?.readsWeightsFromTokens ?? false,
  }
}
