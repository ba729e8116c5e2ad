import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { listUsable } from './list-usable.ts'
import { BUILT_IN_UPSCALERS } from './upscalers.data.ts'

/** An upscaler as A1111 names it; without a file it is built in. */
export interface ListedUpscaler {
  readonly name: string
  readonly file?: ModelFile
}

/** All upscalers in A1111's order: the built-in ones, then files by name. */
export function listUpscalers(models: ModelIndex): ListedUpscaler[] {
  const files = listUsable(models, ModelKind.MODEL_KIND_UPSCALER).map((file) => ({
    name: toUpscalerName(file),
    file,
  }))
  return [
    ...BUILT_IN_UPSCALERS.map((name) => ({ name })),
    ...files.sort((a, b) => compareText(a.name.toLowerCase(), b.name.toLowerCase())),
  ]
}

/** The upscaler of exactly this name, or undefined. */
export function findUpscaler(models: ModelIndex, name: string): ListedUpscaler | undefined {
  return listUpscalers(models).find((upscaler) => upscaler.name === name)
}

/** A1111 shows the file's name without folder and extension. */
function toUpscalerName({ name }: ModelFile): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '')
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
