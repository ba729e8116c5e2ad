import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { compareNaturally, listUsable } from './list-usable.ts'

/** Usable hypernetwork files, by name without regard to case. */
export function listHypernetworks(models: ModelIndex): ModelFile[] {
  return listUsable(models, ModelKind.MODEL_KIND_HYPERNETWORK).sort((a, b) =>
    compareNaturally(toHypernetworkName(a), toHypernetworkName(b)),
  )
}

/** A hypernetwork's name: its file's, without folder and extension. */
export function toHypernetworkName(file: ModelFile): string {
  return (file.name.split('/').at(-1) ?? file.name).replace(/\.[^.]+$/, '')
}
