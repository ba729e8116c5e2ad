import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine, joinRows, sliceRows } from '../combine.ts'
import { guideLinearly, type Guide } from './guiders.ts'

/** What a change of the guidance sees: predictions of the clean latent for one image. */
export interface GuidedImage {
  /** The noisy latent. */
  readonly latent: Tensor
  readonly sigma: number
  readonly conditioned: Tensor
  readonly unconditional: Tensor
  readonly scale: number
}

/** Where an image stands in its batch. */
export interface BatchPlace {
  readonly index: number
  readonly count: number
}

/** How a node changes a model's guidance, image by image, in one of three places. */
export interface GuidePatch {
  /** Changes the predictions before they are guided; `image` is the row in the batch. */
  readonly before?: (image: GuidedImage, index: number) => Pick<GuidedImage, 'conditioned' | 'unconditional'>
  /** It changes the conditioned prediction even where the unconditional one was left out. */
  readonly changesLoneOnes?: boolean
  /** Guides instead of the linear rule; `place` is the image's in the batch. */
  readonly instead?: (image: GuidedImage, place: BatchPlace) => Tensor
  /** Changes what was guided. */
  readonly after?: (guided: Tensor, image: GuidedImage) => Tensor
}

/** A guide with changes: all those before, the last of those instead, all those after, in their order. */
export function createGuide(patches: readonly GuidePatch[], latent: Tensor, sigma: number): Guide {
  return (negative, positive, scale) => {
    const rows = Array.from({ length: latent.shape[0]! }, (_, index) => {
      const row = (tensor: Tensor) => sliceRows(tensor, index, index + 1)
      const conditioned = row(positive)
      const image: GuidedImage = {
        latent: row(latent),
        sigma,
        conditioned,
        // ComfyUI has zeros where the unconditional was left out.
        unconditional: negative === undefined ? createTensor(conditioned.shape) : row(negative),
        scale,
      }
      const place = { index, count: latent.shape[0]! }
      return guideImage(patches, image, { place, isAlone: negative === undefined })
    })
    return joinRows(rows)
  }
}

function guideImage(
  patches: readonly GuidePatch[],
  seen: GuidedImage,
  { place, isAlone }: { place: BatchPlace; isAlone: boolean },
): Tensor {
  const image = patches.reduce((at, { before, changesLoneOnes = false }) => {
    const applies = before !== undefined && (!isAlone || changesLoneOnes)
    return applies ? { ...at, ...before(at, place.index) } : at
  }, seen)
  const instead = patches.findLast((patch) => patch.instead !== undefined)?.instead
  const { conditioned, unconditional, scale } = image
  const guided =
    instead?.(image, place) ?? guideLinearly(isAlone ? undefined : unconditional, conditioned, scale)
  return patches.reduce((result, { after }) => after?.(result, image) ?? result, guided)
}

/**
 * Guidance whose contrast is brought back to that of the conditioned prediction, in velocities (Lin et al. 2023, arXiv
 * 2305.08891, section 3.4); the share 0 leaves it as it is.
 */
export function rescaleContrast(share: number): GuidePatch {
  return {
    instead({ latent, sigma, conditioned, unconditional, scale }) {
      const root = Math.sqrt(sigma ** 2 + 1)
      const toVelocity = (clean: Tensor) =>
        combine([root / sigma / (sigma ** 2 + 1), latent], [-root / sigma, clean])
      const own = toVelocity(conditioned)
      const guided = guideLinearly(toVelocity(unconditional), own, scale)
      const factor = share * (deviation(own) / deviation(guided)) + 1 - share
      return combine([1 / (sigma ** 2 + 1), latent], [(-factor * sigma) / root, guided])
    },
  }
}

/** Guidance by noise predictions, the unconditional one scaled to fit the other best (Fan et al. 2025, arXiv 2503.18886). */
export function fitUnconditional(): GuidePatch {
  return {
    after(guided, { latent, conditioned, unconditional, scale }) {
      const [own, other] = [difference(latent, conditioned), difference(latent, unconditional)]
      const fit = dot(own, other) / (dot(other, other) + 1e-8)
      return combine([1, guided], [(fit - 1) * (1 - scale), unconditional])
    },
  }
}

/** Nowhere longer, across the channels, than the conditioned prediction. */
export function limitLength(strength: number): GuidePatch {
  return {
    after(guided, { conditioned }) {
      const limits = lengths(conditioned)
      const factors = lengths(guided).map((length, i) => Math.min(limits[i]! / (length + 1e-8), 1) * strength)
      return createTensor(
        guided.shape,
        guided.data.map((value, i) => value * factors[i % factors.length]!),
      )
    },
  }
}

/** The noise prediction divided by a factor (Ning et al. 2023, arXiv 2308.15321). */
export function scaleNoise(factor: number): GuidePatch {
  return { after: (guided, { latent }) => combine([1 - 1 / factor, latent], [1 / factor, guided]) }
}

/** ComfyUI's Mahiro: the nearer the guided is to the unconditional, the less of it and the more of the prompt's own. */
export function leapToPrompt(): GuidePatch {
  return {
    after(guided, { conditioned, unconditional, scale }) {
      const root = (value: number) => Math.sqrt(Math.abs(value)) * Math.sign(value)
      const away = unconditional.data.map((value) => root(value * scale))
      const middle = guided.data.map((value, i) => root((conditioned.data[i]! * scale + value) / 2))
      const share = (2 * (meanCosine(away, middle, guided.shape) + 1)) / 4
      return combine([share, guided], [(1 - share) * scale, conditioned])
    },
  }
}

function difference(a: Tensor, b: Tensor): Tensor {
  return combine([1, a], [-1, b])
}

function dot(a: Tensor, b: Tensor): number {
  return a.data.reduce((sum, value, i) => sum + value * b.data[i]!, 0)
}

function deviation({ data }: Tensor): number {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length
  return Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (data.length - 1))
}

/** Lengths across the channels of [1, channels, h, w], by pixel. */
function lengths({ shape, data }: Tensor): number[] {
  const plane = data.length / shape[1]!
  const squares = new Array<number>(plane).fill(0)
  data.forEach((value, i) => (squares[i % plane]! += value * value))
  return squares.map(Math.sqrt)
}

/** Mean over the pixels of the cosine across the channels. */
function meanCosine(a: Float32Array, b: Float32Array, shape: readonly number[]): number {
  const plane = a.length / shape[1]!
  const sums = Array.from({ length: plane }, () => ({ ab: 0, aa: 0, bb: 0 }))
  a.forEach((value, i) => {
    const sum = sums[i % plane]!
    sum.ab += value * b[i]!
    sum.aa += value * value
    sum.bb += b[i]! * b[i]!
  })
  const cosines = sums.map(({ ab, aa, bb }) => ab / Math.max(Math.sqrt(aa * bb), 1e-8))
  return cosines.reduce((sum, value) => sum + value, 0) / plane
}
