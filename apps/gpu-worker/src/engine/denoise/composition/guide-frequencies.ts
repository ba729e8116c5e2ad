import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { GuidePatch } from './guide-patches.ts'

/** How the step from the unconditional to the conditioned prediction is weighed by spatial frequency. */
export interface FrequencySettings {
  readonly low: number
  readonly high: number
  /** Frequencies below it, along both axes, count as low. */
  readonly cutoff: number
}

/** Low and high frequencies of the guidance weighed apart (FreSca, Huang et al. 2025, arXiv 2504.02154). */
export function weighFrequencies({ low, high, cutoff }: FrequencySettings): GuidePatch {
  return {
    before({ conditioned, unconditional }) {
      const step = combine([1, conditioned], [-1, unconditional])
      const weighed = combine([high, step], [low - high, keepLow(step, cutoff)])
      return { conditioned: combine([1, unconditional], [1, weighed]), unconditional }
    },
  }
}

/**
 * The part of planes [.., .., h, w] whose frequencies lie in a box around zero, from -cutoff to cutoff - 1 as the shifted
 * spectrum is cut; its real part, for that box is not symmetric.
 */
export function keepLow({ shape, data }: Tensor, cutoff: number): Tensor {
  const [height, width] = shape.slice(-2) as [number, number]
  const [down, across] = [bandOf(height, cutoff), bandOf(width, cutoff)]
  const kept = createTensor(shape)
  for (let start = 0; start < data.length; start += height * width) {
    const plane = data.subarray(start, start + height * width)
    const cosines = turn(plane, { height, width }, down.cosines, across.cosines)
    const sines = turn(plane, { height, width }, down.sines, across.sines)
    cosines.forEach((value, i) => (kept.data[start + i] = value - sines[i]!))
  }
  return kept
}

interface Band {
  /** By the distance of two places, around the circle. */
  readonly cosines: Float64Array
  readonly sines: Float64Array
}

/** The frequencies of a side that are kept, as sums of their waves. */
function bandOf(size: number, cutoff: number): Band {
  const limit = Math.min(cutoff, Math.floor(size / 2))
  const [cosines, sines] = [new Float64Array(size), new Float64Array(size)]
  for (let distance = 0; distance < size; distance += 1) {
    for (let frequency = -limit; frequency < limit; frequency += 1) {
      const angle = (2 * Math.PI * frequency * distance) / size
      cosines[distance]! += Math.cos(angle) / size
      sines[distance]! += Math.sin(angle) / size
    }
  }
  return { cosines, sines }
}

/** Circular convolution of a plane with a wave down and another across. */
function turn(
  plane: Float32Array,
  { height, width }: { height: number; width: number },
  down: Float64Array,
  across: Float64Array,
): Float64Array {
  const rows = new Float64Array(height * width)
  const turned = new Float64Array(height * width)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      for (let from = 0; from < width; from += 1)
        rows[y * width + x]! += across[(x - from + width) % width]! * plane[y * width + from]!
  for (let y = 0; y < height; y += 1)
    for (let from = 0; from < height; from += 1)
      for (let x = 0; x < width; x += 1)
        turned[y * width + x]! += down[(y - from + height) % height]! * rows[from * width + x]!
  return turned
}
