import type { ConditioningPart, ScheduledConditioning } from './conditioning.ts'
import {
  encodeWebuiNegativePrompt,
  encodeWebuiPrompt,
  type WebuiTextModel,
  type WebuiTextSettings,
} from './encode-webui-prompt.ts'

/** The prompts of one image. */
export interface ImagePrompts {
  readonly prompt: string
  readonly negativePrompt: string
}

/** The encoded prompts of one image. */
export interface ImageConditioning {
  /** Parts of the prompt that AND joins. */
  readonly positive: readonly ConditioningPart[]
  readonly negative: readonly ScheduledConditioning[]
}

/** Asked between encoder calls; throws when the job was cancelled. */
export type CancelCheck = () => void

/**
 * Encodes the prompts of a generation job's images, each different prompt once. One entry an image, in order.
 * @throws PromptError for a prompt that cannot be encoded, and what `checkCancelled` throws
 */
export async function encodePrompts(
  images: readonly ImagePrompts[],
  model: WebuiTextModel,
  settings: WebuiTextSettings,
  checkCancelled: CancelCheck = () => {},
): Promise<ImageConditioning[]> {
  const positives = new Map<string, readonly ConditioningPart[]>()
  const negatives = new Map<string, readonly ScheduledConditioning[]>()
  const encoded: ImageConditioning[] = []
  for (const { prompt, negativePrompt } of images) {
    const positive = positives.get(prompt) ?? (await encodeWebuiPrompt(prompt, model, settings))
    positives.set(prompt, positive)
    checkCancelled()
    const negative =
      negatives.get(negativePrompt) ?? (await encodeWebuiNegativePrompt(negativePrompt, model, settings))
    negatives.set(negativePrompt, negative)
    checkCancelled()
    encoded.push({ positive, negative })
  }
  return encoded
}
