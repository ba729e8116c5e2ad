import type { Preprocess } from './preprocessor.ts'
import { flattenOnWhite } from './working-picture.ts'

/** Black for white: drawings of dark lines become those of light ones. */
export const invert: Preprocess = (picture) => {
  const source = flattenOnWhite(picture)
  return { ...source, data: source.data.map((value) => 255 - value) }
}
