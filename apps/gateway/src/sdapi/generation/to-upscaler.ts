import { PictureUpscaler } from '@atelier/proto'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import { findUpscaler } from '../lists/upscalers.ts'
import { optionNumber, type Options } from '../options/options-store.ts'

/** An upscaler by A1111's name, with the tiles its options say; a name that no file has is a filter's or a latent mode's. */
export function toUpscaler(name: string, models: ModelIndex, options: Options): PictureUpscaler {
  const file = findUpscaler(models, name)?.file
  if (file === undefined) return PictureUpscaler.fromPartial({ name })
  const prefix = file.family === 'swinir' ? 'SWIN' : 'ESRGAN'
  return {
    name,
    model: toModelRef(file),
    tile: Math.max(optionNumber(options, `${prefix}_tile`, 192), 0),
    tileOverlap: Math.max(optionNumber(options, `${prefix}_tile_overlap`, 8), 0),
  }
}
