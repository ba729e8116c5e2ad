import type { Pixels } from '../../image/pixels.ts'

/** Settings of a preprocessor. */
export interface PreprocessorSettings {
  /** Length the short side of the working picture is brought to, pixels. */
  readonly resolution: number
  readonly thresholdA: number
  readonly thresholdB: number
  /** Seed of those that draw lots. */
  readonly seed: number
}

/** Makes a control picture of a picture; of one with an alpha channel where masks are taken. */
export type Preprocess = (picture: Pixels, settings: PreprocessorSettings) => Pixels
