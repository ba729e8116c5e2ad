import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { readSafetensors } from '../engine/checkpoint/safetensors.ts'
import { readTensorBytes } from '../engine/checkpoint/weight-file.ts'
import { mergeCheckpoints } from './merge-checkpoints.ts'
import type { MergeMethod, MergeRequest } from './merge-plan.ts'

/** A merge by A1111's checkpoint merger, whose result is recorded, or the error it raised. Test code. */
export interface RecordedMerge {
  readonly case: string
  readonly primary: string
  readonly secondary: string | null
  readonly tertiary?: string | null
  readonly interp_method: string
  readonly multiplier: number
  readonly save_as_half?: boolean
  readonly bake_in_vae?: string | null
  readonly discard_weights?: string
  readonly file_name?: string
  readonly error?: string
}

const METHODS: Readonly<Record<string, MergeMethod>> = {
  'Weighted sum': 'weighted-sum',
  'Add difference': 'add-difference',
  'No interpolation': 'none',
}

/** A recorded merge as it is asked for, its files in a folder. */
export function toMergeRequest(recorded: RecordedMerge, folder: string): MergeRequest {
  const path = (name: string | null | undefined) => (name ? join(folder, `${name}.safetensors`) : undefined)
  return {
    primary: path(recorded.primary)!,
    secondary: path(recorded.secondary),
    tertiary: path(recorded.tertiary),
    method: METHODS[recorded.interp_method]!,
    multiplier: recorded.multiplier,
    savesHalf: recorded.save_as_half ?? false,
    vae: path(recorded.bake_in_vae),
    discards: recorded.discard_weights ? new RegExp(recorded.discard_weights) : undefined,
  }
}

/** Merges, and names the file it gave and the tensors whose type, shape or bytes are not the recorded ones. */
export function runRecordedMerge(
  recorded: RecordedMerge,
  folder: string,
  work: string,
): { readonly name: string; readonly differing: readonly string[] } {
  const path = mergeCheckpoints(toMergeRequest(recorded, folder), (name) => join(work, `${name}.safetensors`))
  const [own, expected] = [
    readSafetensors(path),
    readSafetensors(join(folder, `result.${recorded.case}.safetensors`)),
  ]
  const names = new Set([...own.tensors.keys(), ...expected.tensors.keys()])
  const differing = [...names].filter((name) => {
    const [a, b] = [own.tensors.get(name), expected.tensors.get(name)]
    if (a === undefined || b === undefined) return true
    if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return true
    return Buffer.compare(readTensorBytes(own, a), readTensorBytes(expected, b)) !== 0
  })
  rmSync(path)
  return { name: basename(path), differing }
}
