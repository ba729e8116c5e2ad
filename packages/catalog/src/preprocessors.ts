import { HIDDEN, PREPROCESSOR_ROWS, RESOLUTION, type Slider } from './preprocessors.data.ts'

export type { Slider, SliderNumber } from './preprocessors.data.ts'

/** What makes a control picture of a given one, as the ControlNet extension of A1111 knows it. */
export interface Preprocessor {
  readonly name: string
  /** As it is shown; requests may name it so too. */
  readonly label: string
  /** Control types that list it. */
  readonly types: readonly string[]
  /** It acts without a ControlNet file. */
  readonly isModelFree: boolean
  readonly needsMask: boolean
  /** Made by arithmetic alone; the others need a network of their own. */
  readonly isBuiltIn: boolean
  readonly resolution: Slider
  readonly thresholdA: Slider
  readonly thresholdB: Slider
}

/** All preprocessors in the extension's order. */
export const PREPROCESSORS: readonly Preprocessor[] = PREPROCESSOR_ROWS.map((row) => ({
  ...row,
  label: row.label ?? row.name,
  isModelFree: row.isModelFree === true,
  needsMask: row.needsMask === true,
  isBuiltIn: row.isBuiltIn === true,
  resolution: row.resolution ?? RESOLUTION,
  thresholdA: row.thresholdA ?? HIDDEN,
  thresholdB: row.thresholdB ?? HIDDEN,
}))

/** The preprocessor of that label or name, the label first; undefined when there is none. */
export function findPreprocessor(name: string): Preprocessor | undefined {
  return PREPROCESSORS.find(({ label }) => label === name) ?? PREPROCESSORS.find((one) => one.name === name)
}

/** Control types in the extension's order. */
export const CONTROL_TYPES: readonly string[] = [
  'All',
  ...[...new Set(PREPROCESSORS.flatMap(({ types }) => types))].sort(),
]
