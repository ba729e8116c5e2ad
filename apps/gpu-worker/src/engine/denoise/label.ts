import { createTensor, type Tensor } from '../tensor/tensor.ts'

const f32 = Math.fround

/** Width of each number's waves in a label vector. */
const WAVES = 256
/** Period of the slowest wave over that of the fastest. */
const PERIODS = 10_000

/**
 * A label vector [1, pooled + 256 n] of SDXL (Podell et al. 2023, arXiv 2307.01952): the pooled text, then each number
 * as waves of falling frequency, cosines first.
 */
export function makeLabel(pooled: Tensor, numbers: readonly number[]): Tensor {
  const width = pooled.data.length
  const label = createTensor([1, width + WAVES * numbers.length])
  label.data.set(pooled.data)
  numbers.forEach((number, index) => label.data.set(toWaves(number), width + WAVES * index))
  return label
}

/** Index of a frequency that torch's exponential rounds one unit in the last place (2^-25 between 0.25 and 0.5) upwards. */
const ROUNDED_UP = 13

/** In single precision throughout, as the originals: large numbers would show the difference. */
const FREQUENCIES = listFrequencies(WAVES / 2).map((frequency, i) =>
  i === ROUNDED_UP ? frequency + 2 ** -25 : frequency,
)

function listFrequencies(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) =>
    f32(Math.exp(f32(f32(f32(-Math.log(PERIODS)) * i) / count))),
  )
}

/** A number as waves of falling frequency, cosines first. */
export function toWaves(number: number, width = WAVES): Float32Array {
  const half = width / 2
  const frequencies = width === WAVES ? FREQUENCIES : listFrequencies(half)
  const waves = new Float32Array(width)
  for (let i = 0; i < half; i += 1) {
    const angle = f32(f32(number) * frequencies[i]!)
    waves[i] = Math.cos(angle)
    waves[half + i] = Math.sin(angle)
  }
  return waves
}

/** Sizes and scores a picture is asked to look like, pixels. */
export interface LabelNumbers {
  /** Size of the picture it is to look scaled from. */
  readonly width: number
  readonly height: number
  /** Where it is to look cropped. */
  readonly cropLeft: number
  readonly cropTop: number
  /** Size of the picture that is made, for the base model. */
  readonly targetWidth: number
  readonly targetHeight: number
  /** For the refiner: 0 to 10. */
  readonly aestheticScore: number
}

/** The numbers a model of a family takes, in its order. */
export function listLabelNumbers(family: 'sdxl' | 'sdxl-refiner', of: LabelNumbers): readonly number[] {
  const common = [of.height, of.width, of.cropTop, of.cropLeft]
  return family === 'sdxl' ? [...common, of.targetHeight, of.targetWidth] : [...common, of.aestheticScore]
}
