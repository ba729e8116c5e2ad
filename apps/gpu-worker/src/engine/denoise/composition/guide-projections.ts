import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { GuidePatch } from './guide-patches.ts'

/** What an adaptive projection is made of. */
export interface ProjectionSettings {
  /** Factor on the part along the conditioned prediction. */
  readonly eta: number
  /** Longest step away from the unconditional; 0: any. */
  readonly longest: number
  /** Factor on the steps before. */
  readonly momentum: number
}

/**
 * The step from the unconditional to the conditioned prediction, shortened and split along the latter (Sadat et al. 2024,
 * arXiv 2410.02416). It remembers its steps while sigmas fall.
 */
export function projectAdaptively({ eta, longest, momentum }: ProjectionSettings): GuidePatch {
  const remembered = new Map<number, { step: Tensor | undefined; sigma: number }>()
  return {
    before({ conditioned, unconditional, sigma, scale }, index) {
      const last = remembered.get(index)
      const before = last !== undefined && sigma <= last.sigma ? last.step : undefined
      const plain = combine([1, conditioned], [-1, unconditional])
      const step = momentum === 0 || before === undefined ? plain : combine([momentum, before], [1, plain])
      remembered.set(index, { step: momentum === 0 ? undefined : step, sigma })
      const length = Math.sqrt(dot(step, step))
      const shortening = longest > 0 ? Math.min(1, longest / length) : 1
      const along = (shortening * dot(step, conditioned)) / Math.max(dot(conditioned, conditioned), 1e-24)
      // Across the prediction, and `eta` of what lies along it.
      const changed = combine([shortening, step], [(eta - 1) * along, conditioned])
      return {
        conditioned: combine([1, unconditional], [1, changed], [1 / scale, plain]),
        unconditional,
      }
    },
  }
}

/**
 * The unconditional's noise kept only along the direction both noises share most (Kwon et al. 2025, arXiv 2503.18137): the
 * first right singular vector of the two.
 */
export function dampTangents(): GuidePatch {
  return {
    before({ latent, conditioned, unconditional }) {
      const own = combine([1, latent], [-1, conditioned])
      const other = combine([1, latent], [-1, unconditional])
      const shared = firstDirection(other, own)
      const kept = dot(other, shared)
      return { conditioned, unconditional: combine([1, latent], [-kept, shared]) }
    },
  }
}

/** The unit vector two vectors share most: the larger eigenvector of their products, put together from both. */
function firstDirection(a: Tensor, b: Tensor): Tensor {
  const [aa, ab, bb] = [dot(a, a), dot(a, b), dot(b, b)]
  const largest = (aa + bb) / 2 + Math.sqrt(((aa - bb) / 2) ** 2 + ab ** 2)
  const [shareA, shareB] = ab === 0 ? (aa >= bb ? [1, 0] : [0, 1]) : [ab, largest - aa]
  const direction = combine([shareA, a], [shareB, b])
  const length = Math.sqrt(dot(direction, direction))
  return length === 0 ? createTensor(a.shape) : combine([1 / length, direction], [0, direction])
}

function dot(a: Tensor, b: Tensor): number {
  return a.data.reduce((sum, value, i) => sum + value * b.data[i]!, 0)
}
