import type { PictureUpscaler } from '@atelier/proto'
import { dropAlpha } from '../inpaint/alpha.ts'
import type { EnlargePicture } from '../source-image/fit-image.ts'
import { DEFAULT_TILES, upscaleImage, type Upscaler } from '../upscale/upscale-image.ts'
import type { HeldModels } from './held-models.ts'

/** Makes what enlarges pictures; undefined where that is Lanczos alone, which fits any size at once. */
export async function openEnlarger(
  upscaler: PictureUpscaler | undefined,
  models: HeldModels,
): Promise<EnlargePicture | undefined> {
  if (upscaler === undefined || upscaler.name === '' || upscaler.name === 'None') return undefined
  const opened = await openUpscaler(upscaler, models)
  return (picture, factor) => upscaleImage(dropAlpha(picture), factor, opened)
}

/** Opens an upscaler: a network, or one of the two filters. */
export async function openUpscaler(upscaler: PictureUpscaler, models: HeldModels): Promise<Upscaler> {
  const { name, model, tile, tileOverlap } = upscaler
  if (model === undefined) return { kind: name === 'Nearest' ? 'nearest' : 'lanczos' }
  const isSet = tile > 0 || tileOverlap > 0
  const tiles = isSet ? { tile, overlap: tileOverlap } : DEFAULT_TILES
  return { kind: 'network', network: await models.upscaler(model), tiles }
}
