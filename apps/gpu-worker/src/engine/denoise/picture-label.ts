import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { combine, joinRows, sliceRows } from './combine.ts'
import { toWaves } from './label.ts'
import { TorchGenerator } from './noise/torch-generator.ts'
import { roundHalfEven } from './schedules/schedule.ts'

/** Pictures that a model is to make something like. */
export interface LikePictures {
  /** CLIP's embeddings of them, [pictures, width]. */
  readonly embeddings: Tensor
  readonly strength: number
  /** Share of noise that blurs what they say, 0 to 1. */
  readonly noise: number
}

/** What a network is told of pictures: their mean [1, width], and the level of its noise as waves [1, width]. */
export interface PictureLabel {
  readonly picture: Tensor
  readonly level: Tensor
}

/** Levels of noise, and the most of what is left that one of them takes. */
const LEVELS = { count: 1000, mostTaken: 0.999 }
/** ComfyUI draws this noise from another seed than that of the picture. */
const SEED_SHIFT = 10n

/**
 * What an unCLIP model is told of pictures (Ramesh et al. 2022, arXiv 2204.06125, in Stable Diffusion's way): embeddings
 * under noise, times their strength, and the level; several are added and put under noise again, of the share
 * `joinedNoise`.
 */
export function labelPictures(
  pictures: readonly LikePictures[],
  { seed, joinedNoise }: { readonly seed: bigint; readonly joinedNoise: number },
): PictureLabel {
  let generator = new TorchGenerator(0n)
  const labels = pictures.flatMap(({ embeddings, strength, noise }) =>
    Array.from({ length: embeddings.shape[0]! }, (_, row) => {
      generator = new TorchGenerator(BigInt.asUintN(64, seed - SEED_SHIFT))
      const { picture, level } = blur(sliceRows(embeddings, row, row + 1), noise, generator)
      return { picture: combine([strength, picture]), level: combine([strength, level]) }
    }),
  )
  if (labels.length === 1) return labels[0]!
  const sum = combine(...labels.map(({ picture }) => [1, picture] as const))
  // It goes on drawing where the last picture's noise ended.
  return blur(sum, joinedNoise, generator)
}

/** An embedding [1, width] under noise. */
function blur(embedding: Tensor, share: number, generator: TorchGenerator): PictureLabel {
  const level = roundHalfEven((LEVELS.count - 1) * share)
  const left = KEPT[level]!
  const noise = createTensor(embedding.shape, generator.drawNormal(embedding.data.length))
  return {
    picture: combine([Math.fround(Math.sqrt(left)), embedding], [Math.fround(Math.sqrt(1 - left)), noise]),
    level: createTensor(embedding.shape, toWaves(level, embedding.data.length)),
  }
}

/** What each level leaves of an embedding's variance (the cosine schedule, Nichol & Dhariwal 2021, arXiv 2102.09672). */
const KEPT = listKept()

function listKept(): number[] {
  const at = (share: number) => Math.cos((((share + 0.008) / 1.008) * Math.PI) / 2) ** 2
  const kept: number[] = []
  let left = 1
  for (let level = 0; level < LEVELS.count; level += 1) {
    const taken = Math.min(1 - at((level + 1) / LEVELS.count) / at(level / LEVELS.count), LEVELS.mostTaken)
    left *= 1 - taken
    kept.push(left)
  }
  return kept
}

/** Both parts in one row, as unCLIP models take them. */
export function joinPictureLabel({ picture, level }: PictureLabel): Tensor {
  const joined = joinRows([picture, level])
  return createTensor([1, joined.data.length], joined.data)
}
