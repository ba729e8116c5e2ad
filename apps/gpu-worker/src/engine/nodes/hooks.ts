import { splitSpans, type HookKeyframe } from '../denoise/composition/hook-keyframes.ts'
import type { AdapterFileRef } from '../models/adapter-refs.ts'
import type { ClipValue, ConditioningEntry, HookValue, LoraHook } from '../node-graph/node-context.ts'

/** Hooks of both groups, each once: the first of those that were made as one stays. */
export function joinHooks(first: HookValue, second: HookValue = []): HookValue {
  const others = second.filter(({ origin }) => !first.some((own) => own.origin === origin))
  return others.length === 0 ? first : [...first, ...others]
}

/** The same hooks over one course of keyframes. */
export function setKeyframes(hooks: HookValue, keyframes: readonly HookKeyframe[]): HookValue {
  return hooks.map((hook) => ({ ...hook, keyframes }))
}

/** A hook as an adapter, its strengths times a factor. */
export function toAdapter({ file, modelStrength, clipStrength }: LoraHook, factor: number): AdapterFileRef {
  return { file, denoiserStrength: modelStrength * factor, textStrength: clipStrength * factor }
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
    const texts = forced.map((hook, index) => ({
      ...toAdapter(hook, strengths[index]!),
      denoiserStrength: 0,
    }))
    const entry = await encode({ ...clip, adapters: [...(clip.adapters ?? []), ...texts] })
    entries.push({
      ...entry,
      ...(isScheduled && { textSpan: [start, end] as const }),
      ...(onConditionings && { hooks: onConditionings }),
    })
  }
  return entries
}
