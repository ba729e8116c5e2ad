import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { compareNaturally, listUsable } from './list-usable.ts'

/** Usable LoRA files, by name without regard to case. */
export function listLoras(models: ModelIndex): ModelFile[] {
  return listUsable(models, ModelKind.MODEL_KIND_LORA).sort((a, b) =>
    compareNaturally(toLoraName(a), toLoraName(b)),
  )
}

/** A LoRA's name: its file's, without folder and extension. */
export function toLoraName(file: ModelFile): string {
  return (file.name.split('/').at(-1) ?? file.name).replace(/\.[^.]+$/, '')
}

/** The name the file gives itself, else its own. */
export function toLoraAlias(file: ModelFile): string {
  return file.metadata['ss_output_name'] ?? toLoraName(file)
}

/**
 * The LoRA of that name or alias, or undefined. An alias that several files have, and "none", mean no file (A1111); a
 * file's own name means that file always.
 */
export function findLora(models: ModelIndex, name: string): ModelFile | undefined {
  const files = listLoras(models)
  const own = files.find((file) => toLoraName(file) === name)
  if (own !== undefined || name.toLowerCase() === 'none') return own
  const named = files.filter((file) => toLoraAlias(file) === name)
  return named.length === 1 ? named[0] : undefined
}
