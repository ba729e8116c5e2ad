import { encodePrompts, type ImagePrompts } from '../text-encode/encode-prompts.ts'
import { findActiveEntry, selectConditioning } from '../text-encode/conditioning.ts'
import type { BatchConditioning } from '../denoise/guidance.ts'
import { toTextSettings } from '../generation-settings.ts'
import type { UsableCheckpoint } from '../models/model-store.ts'
import type { Generation } from './generation.ts'

/** What prompts are encoded for. */
export interface ConditioningRequest {
  readonly prompts: readonly ImagePrompts[]
  readonly checkpoint: UsableCheckpoint
  /** Evaluations of the first pass, which prompt timelines count in. */
  readonly evaluations: number
  /** Those of the second pass, where the prompts are for that. */
  readonly hiresEvaluations?: number | undefined
}

/** Encodes the prompts of a batch; gives what conditions each evaluation, counted from 0. */
export async function encodeConditioning(
  { job, texts }: Generation,
  { prompts, checkpoint, evaluations, hiresEvaluations }: ConditioningRequest,
): Promise<(call: number) => BatchConditioning> {
  const settings = { ...toTextSettings(job.text, evaluations), hiresSteps: hiresEvaluations }
  const encoded = await encodePrompts(prompts, texts.webui(checkpoint.model, job.embeddings), settings)
  return (call) => ({
    positive: selectConditioning(
      encoded.map(({ positive }) => positive),
      call,
    ).map((parts) => parts.map(({ weight, conditioning }) => ({ weight, tokens: conditioning.tokens }))),
    negative: encoded.map(({ negative }) => [
      { weight: 1, tokens: negative[findActiveEntry(negative, call)]!.conditioning.tokens },
    ]),
  })
}
