import { EngineError } from '../../engine-error.ts'
import type { Pixels } from '../../image/pixels.ts'
import { blurGaussian } from './blur-gaussian.ts'
import { canny } from './canny.ts'
import { colorGrid } from './color-grid.ts'
import { invert } from './invert.ts'
import { lineartStandard } from './lineart-standard.ts'
import type { Preprocess, PreprocessorSettings } from './preprocessor.ts'
import { recolorIntensity, recolorLuminance } from './recolor.ts'
import { scribbleXdog } from './scribble-xdog.ts'
import { shuffle } from './shuffle.ts'
import { threshold } from './threshold.ts'
import { tileResample } from './tile-resample.ts'

/** The picture as it is: segmentations and other finished control pictures, and what acts while denoising. */
const pass: Preprocess = (picture) => picture

/** Preprocessors without weights by the catalog's names. */
export const PREPROCESSES: ReadonlyMap<string, Preprocess> = new Map([
  ['none', pass],
  ['canny', canny],
  ['invert', invert],
  ['threshold', threshold],
  ['blur_gaussian', blurGaussian],
  ['scribble_xdog', scribbleXdog],
  ['shuffle', shuffle],
  ['tile_resample', tileResample],
  ['tile_colorfix', pass],
  ['tile_colorfix+sharp', pass],
  ['recolor_luminance', recolorLuminance],
  ['recolor_intensity', recolorIntensity],
  ['lineart_standard', lineartStandard],
  ['color', colorGrid],
  ['inpaint', pass],
  ['inpaint_only', pass],
  ['reference_only', pass],
  ['reference_adain', pass],
  ['reference_adain+attn', pass],
])

/**
 * Makes the control picture of a picture.
 * @throws EngineError `invalid-request` for a preprocessor that is not there
 */
export function preprocess(name: string, picture: Pixels, settings: PreprocessorSettings): Pixels {
  const run = PREPROCESSES.get(name)
  if (run === undefined) {
    const text = `the preprocessor ${name} needs a network of its own, whose weights are not there`
    throw new EngineError('invalid-request', text, { exceptionType: 'NotImplementedError' })
  }
  return run(picture, settings)
}
