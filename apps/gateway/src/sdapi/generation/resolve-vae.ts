import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { listUsable } from '../lists/list-usable.ts'
import { toStem } from './resolve-checkpoint.ts'

/** Values of the option that name no file. */
const NO_FILE = new Set(['None', ''])

/** A VAE's name in lists: its file's, without the folder. */
export function toVaeName({ name }: ModelFile): string {
  return name.split('/').at(-1) ?? name
}

/**
 * The VAE the `sd_vae` option means for a checkpoint: a file by its name; with "Automatic" the file whose name starts
 * with the checkpoint's; undefined, the checkpoint's own, for "None" and for files that are not there.
 */
export function findVae(models: ModelIndex, option: string, checkpoint: ModelFile): ModelFile | undefined {
  if (NO_FILE.has(option)) return undefined
  const files = listUsable(models, ModelKind.MODEL_KIND_VAE)
  if (option !== 'Automatic') return files.find((file) => toVaeName(file) === option)
  return files.find((file) => toVaeName(file).startsWith(toStem(checkpoint)))
}
