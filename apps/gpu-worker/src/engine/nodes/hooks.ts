import { ModelKind } from '@atelier/proto'
import { splitSpans, type HookKeyframe } from '../denoise/composition/hook-keyframes.ts'
import type { AdapterRef, ChangedPart } from '../models/adapter-refs.ts'
import type { ClipValue, ConditioningEntry, HookValue, WeightHook } from '../node-graph/node-context.ts'

/** Hooks of both groups, each once: the first of those that were made as one stays. */
export function joinHooks(first: HookValue, second: HookValue = []): HookValue {
  const others = second.filter(({ origin }) => !first.some((own) => own.origin === origin))
  return others.length === 0 ? first : [...first, ...others]
}

/** The same hooks over one course of keyframes. */
export function setKeyframes(hooks: HookValue, keyframes: readonly HookKeyframe[]): HookValue {
  return hooks.map((hook) => ({ ...hook, keyframes }))
}

/** What a hook changes about a part of a model, its strength times a factor. */
export function toChange(
  { file, modelStrength, clipStrength }: WeightHook,
  part: ChangedPart,
  factor: number,
): AdapterRef {
  const strength = (part === 'denoiser' ? modelStrength : clipStrength) * factor
  if (file.kind === ModelKind.MODEL_KIND_LORA) {
    const none = { denoiserStrength: 0, textStrength: 0 }
    return { file, ...none, [part === 'denoiser' ? 'denoiserStrength' : 'textStrength']: strength }
  }
  // Whatever else changes the model, the difference is from its own file.
  const shares = { own: 1, other: strength, original: -strength }
  return { mixed: { checkpoint: file }, part, rule: [['', shares]] }
}

/**
 * Encodes with the hooks of a CLIP: once, or once for each part of the run in which their strengths stay as they are. What
 * is encoded takes the hooks along where the CLIP says so.
 */
export async function encodeWithHooks(
  { hooks, ...clip }: ClipValue,
  encode: (clip: ClipValue) => Promise<ConditioningEntry>,
): Promise<ConditioningEntry[]> {
  if (hooks === undefined) return [await encode(clip)]
  const { forced, isScheduled, onConditionings } = hooks
  const spans = isScheduled
    ? splitSpans(forced.map(({ keyframes }) => keyframes))
    : [{ start: 0, end: 1, strengths: forced.map(() => 1) }]
  const entries: ConditioningEntry[] = []
  for (const { start, end, strengths } of spans) {
    const texts = forced.map((hook, index) => toChange(hook, 'texts', strengths[index]!))
    const entry = await encode({ ...clip, adapters: [...(clip.adapters ?? []), ...texts] })
    entries.push({
      ...entry,
      ...(isScheduled && { textSpan: [start, end] as const }),
      ...(onConditionings && { hooks: onConditionings }),
    })
  }
  return entries
}
