import { ModelKind } from '@atelier/proto'
import type { ModelIndex } from '../../../models/model-index.ts'
import { listUsable } from '../../lists/list-usable.ts'
import { toVaeName } from '../../generation/resolve-vae.ts'

/** The value of `sd_vae` that a plot's text means: a file's name in any case, "None", or "Automatic" for all else. */
export function findVaeName(models: ModelIndex, text: string): string {
  const wanted = text.trim().toLowerCase()
  if (wanted === 'none') return 'None'
  const names = listUsable(models, ModelKind.MODEL_KIND_VAE).map(toVaeName)
  return names.find((name) => name.toLowerCase() === wanted) ?? 'Automatic'
}
