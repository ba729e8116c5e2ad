import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { listUsable } from '../lists/list-usable.ts'
import { optionText, type Options } from '../options/options-store.ts'
import { toStem } from './resolve-checkpoint.ts'

/** Values of the option that name no file. */
const NO_FILE = new Set(['None', ''])
/** The second is that of old settings. */
const AUTOMATIC = new Set(['Automatic', 'auto'])

/** A VAE's name in lists: its file's, without the folder. */
export function toVaeName({ name }: ModelFile): string {
  return name.split('/').at(-1) ?? name
}

/**
 * The VAE the options mean for a checkpoint: a file by its name; with "Automatic" the file whose name starts with the
 * checkpoint's, which counts before any other where `sd_vae_overrides_per_model_preferences` is off; undefined, the
 * checkpoint's own, for "None" and for files that are not there.
 */
export function findVae(models: ModelIndex, options: Options, checkpoint: ModelFile): ModelFile | undefined {
  const name = optionText(options, 'sd_vae')
  const isAutomatic = AUTOMATIC.has(name)
  const files = listUsable(models, ModelKind.MODEL_KIND_VAE)
  const near = files.find((file) => toVaeName(file).startsWith(toStem(checkpoint)))
  const isOwnFirst = options.get('sd_vae_overrides_per_model_preferences') === false
  if (isAutomatic || (isOwnFirst && near !== undefined)) return near
  return NO_FILE.has(name) ? undefined : files.find((file) => toVaeName(file) === name)
}
