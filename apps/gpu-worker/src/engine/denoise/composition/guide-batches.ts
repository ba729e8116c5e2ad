import { combine } from '../combine.ts'
import type { BatchPlace, GuidePatch } from './guide-patches.ts'
import { guideLinearly } from './guiders.ts'

/** How the guidance scale goes over a batch: the share of the way from its least to the asked one, by place. */
export type BatchCourse = (place: BatchPlace) => number

/** From the least at the first image to all of it at the last; a lone image has the least. */
export const rise: BatchCourse = ({ index, count }) => (count === 1 ? 0 : index / (count - 1))

/** From the least at the first image to all of it in the middle, and back. */
export const riseAndFall: BatchCourse = (place) => {
  const share = rise(place)
  return 2 * Math.abs(share - Math.floor(share + 0.5))
}

/** Guidance of another scale for each image of a batch. */
export function guideByPlace(least: number, course: BatchCourse): GuidePatch {
  return {
    instead: ({ conditioned, unconditional, scale }, place) =>
      guideLinearly(unconditional, conditioned, least + course(place) * (scale - least)),
  }
}

/**
 * Guidance no longer than so many times the conditioned prediction, over the whole image, and none at noise levels from
 * `from` on (Lumina 2's rule; a limit of 0 is none).
 */
export function limitWhole({ from, limit }: { from: number; limit: number }): GuidePatch {
  return {
    instead({ sigma, conditioned, unconditional, scale }) {
      if (sigma >= from) return conditioned
      const guided = guideLinearly(unconditional, conditioned, scale)
      if (limit <= 0) return guided
      const [longest, length] = [lengthOf(conditioned.data) * limit, lengthOf(guided.data)]
      return length >= longest ? combine([longest / length, guided]) : guided
    },
  }
}

function lengthOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}
