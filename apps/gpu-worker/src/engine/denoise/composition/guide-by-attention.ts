import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { NetworkChange } from '../guidance.ts'
import type { GuidanceExtra } from './guidance-extra.ts'
import type { GuidingEntry, GuidingLists } from './guiding-entry.ts'

/** A network with perturbed self-attention in rows whose input of that name is 1. */
export interface PerturbedNetwork {
  readonly network: NetworkChange
  readonly input: string
}

/** Guidance away from a prediction with perturbed self-attention (Ahn et al. 2024, arXiv 2403.17377). */
export function guideAwayFromPerturbed({ network, input }: PerturbedNetwork, scale: number): GuidanceExtra {
  return {
    inside: { network, rows: { [input]: [0] } },
    needsUnconditional: true,
    ask: ({ positive = [] }) => (scale === 0 ? [] : [withInside(positive, { [input]: [1] })]),
    finish: ({ guided, positive, own: [perturbed] }) =>
      perturbed === undefined ? guided : combine([1, guided], [scale, positive], [-scale, perturbed]),
  }
}

/** Name by which rows are told apart whose attention is looked at. */
const WATCHED = 'watched'
/** Sides up to this many cells leave no room for the blur's border. */
const TOO_SMALL = 4

/**
 * Self-attention guidance (Hong et al. 2022, arXiv 2210.00939): what the unconditional prediction looks at most is
 * blurred, noised again and predicted once more, and the result guided away from that. `network` adds a channel to what it
 * predicts: 1 where it looks more than at the mean.
 */
export function guideBySelfAttention(
  network: NetworkChange,
  { scale, blurSigma }: { readonly scale: number; readonly blurSigma: number },
): GuidanceExtra {
  let watched: Tensor | undefined
  return {
    inside: {
      network,
      ownRows: [WATCHED],
      take(prediction, { control, latent }) {
        const { main, last } = splitLastChannel(prediction)
        const flags = control?.[WATCHED]?.data
        if (flags !== undefined) watched = pickRows(last, (row) => flags[row] === 1, latent.shape[0]!)
        return main
      },
    },
    needsUnconditional: true,
    mark: (lists) => ({ ...lists, negative: withInside(lists['negative'] ?? [], { [WATCHED]: [1] }) }),
    async finish({ guided, negative, latent, sigma, call, compose, lists }) {
      const mask = watched
      const isSmall = Math.min(...latent.shape.slice(2)) <= TOO_SMALL
      if (isSmall || negative === undefined || mask === undefined || !isOver(mask, latent)) return guided
      const degraded = mixByMask(blurPlanes(negative, blurSigma), negative, mask)
      const noised = combine([1, degraded], [1, latent], [-1, negative])
      const [seen] = await compose([lists['negative'] ?? []], { latent: noised, sigma, call })
      return combine([1, guided], [scale, degraded], [-scale, seen!])
    },
  }
}

/**
 * Guidance whose negative acts across the direction of the positive, seen from an empty prompt (Armandpour et al. 2023,
 * arXiv 2304.04968), in place of the model's own.
 */
export function guidePerpendicularlyFrom(
  empty: readonly GuidingEntry[],
  { scale, negativeScale }: { readonly scale: number; readonly negativeScale: number },
): GuidanceExtra {
  return {
    ask: () => [empty],
    finish: ({ positive, negative = createTensor(positive.shape), own: [nothing] }) => {
      const towards = combine([1, positive], [-1, nothing!])
      const away = combine([1, negative], [-1, nothing!])
      const share = dot(away, towards) / dot(towards, towards)
      const across = combine([1, away], [-share, towards])
      return combine([1, nothing!], [scale, towards], [-scale * negativeScale, across])
    },
  }
}

function withInside(
  entries: readonly GuidingEntry[],
  inside: NonNullable<GuidingEntry['inside']>,
): GuidingEntry[] {
  return entries.map((entry) => ({ ...entry, inside: { ...entry.inside, ...inside } }))
}

function dot(a: Tensor, b: Tensor): number {
  return a.data.reduce((sum, value, i) => sum + value * b.data[i]!, 0)
}

function splitLastChannel({ shape, data }: Tensor): { main: Tensor; last: Tensor } {
  const [rows, channels, height, width] = shape as [number, number, number, number]
  const plane = height * width
  const main = createTensor([rows, channels - 1, height, width])
  const last = createTensor([rows, 1, height, width])
  for (let row = 0; row < rows; row += 1) {
    const [start, end] = [row * channels * plane, (row + 1) * channels * plane]
    main.data.set(data.subarray(start, end - plane), row * (channels - 1) * plane)
    last.data.set(data.subarray(end - plane, end), row * plane)
  }
  return { main, last }
}

function pickRows(
  { shape, data }: Tensor,
  isWanted: (row: number) => boolean,
  rows: number,
): Tensor | undefined {
  const plane = data.length / rows
  const wanted = Array.from({ length: rows }, (_, row) => row).filter(isWanted)
  if (wanted.length === 0) return undefined
  const picked = createTensor([wanted.length, ...shape.slice(1)])
  wanted.forEach((row, at) => picked.data.set(data.subarray(row * plane, (row + 1) * plane), at * plane))
  return picked
}

/** Whether a mask has a plane for each image, of its size. */
function isOver(mask: Tensor, latent: Tensor): boolean {
  const [images, , height, width] = latent.shape
  return mask.shape[0] === images && mask.shape[2] === height && mask.shape[3] === width
}

function mixByMask(inside: Tensor, outside: Tensor, mask: Tensor): Tensor {
  const [, channels = 1, height = 1, width = 1] = inside.shape
  const plane = height * width
  const mixed = createTensor(inside.shape)
  inside.data.forEach((value, i) => {
    const image = Math.floor(i / (channels * plane))
    const share = mask.data[image * plane + (i % plane)]!
    mixed.data[i] = value * share + outside.data[i]! * (1 - share)
  })
  return mixed
}

/** Cells from the middle of the blur to its edge. */
const REACH = 4

/** Gaussian blur of every plane over 9 x 9 cells, reflected at the edges. */
function blurPlanes(image: Tensor, sigma: number): Tensor {
  const weights = Array.from({ length: 2 * REACH + 1 }, (_, i) => Math.exp(-0.5 * ((i - REACH) / sigma) ** 2))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const kernel = weights.map((weight) => weight / total)
  const [height, width] = image.shape.slice(2) as [number, number]
  return blurAlong(blurAlong(image, kernel, { step: 1, length: width }), kernel, {
    step: width,
    length: height,
  })
}

function blurAlong(
  { shape, data }: Tensor,
  kernel: readonly number[],
  { step, length }: { readonly step: number; readonly length: number },
): Tensor {
  const blurred = createTensor(shape)
  for (let i = 0; i < data.length; i += 1) {
    const at = Math.floor(i / step) % length
    let sum = 0
    for (let k = -REACH; k <= REACH; k += 1) {
      const reflected = reflect(at + k, length)
      sum += kernel[k + REACH]! * data[i + (reflected - at) * step]!
    }
    blurred.data[i] = sum
  }
  return blurred
}

function reflect(at: number, length: number): number {
  if (at < 0) return -at
  return at >= length ? 2 * length - 2 - at : at
}

/** Lists as they are predicted: marked by all extras. */
export function markLists(lists: GuidingLists, extras: readonly GuidanceExtra[]): GuidingLists {
  return extras.reduce((marked, { mark }) => mark?.(marked) ?? marked, lists)
}
