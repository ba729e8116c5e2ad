import type { DecodedNoise } from '@atelier/proto'
import { combine, scale } from '../denoise/combine.ts'
import type { Denoiser } from '../denoise/sampler.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What noise is found with. */
export interface NoiseSearch {
  readonly settings: DecodedNoise
  /** Guided by the prompts the source is taken to be drawn by. */
  readonly denoise: Denoiser
  /** From no noise to the most, the zero included. */
  readonly sigmas: readonly number[]
  readonly isStopped: () => boolean
}

/**
 * The start noise a latent would have been drawn from, mixed with drawn noise, less what the latent itself holds of it
 * (A1111's img2img alternative test): Euler's steps walked backwards. A run that is stopped ends with what it has.
 */
export async function decodeNoise(latent: Tensor, drawn: Tensor, search: NoiseSearch): Promise<Tensor> {
  const { randomness } = search.settings
  const found = await findNoise(latent, search)
  const length = Math.sqrt(randomness ** 2 + (1 - randomness) ** 2)
  const mixed = combine([(1 - randomness) / length, found], [randomness / length, drawn])
  return combine([1, mixed], [-1 / search.sigmas.at(-1)!, latent])
}

async function findNoise(
  latent: Tensor,
  { settings, denoise, sigmas, isStopped }: NoiseSearch,
): Promise<Tensor> {
  let x = latent
  for (let i = 1; i < sigmas.length && !isStopped(); i += 1) {
    const [before, sigma] = [sigmas[i - 1]!, sigmas[i]!]
    const at = settings.adjustsSigmas ? before : sigma
    // Without noise there is nothing to predict.
    if (at === 0) continue
    const { latent: clean } = await denoise(x, at)
    const step = (sigma - before) / at
    x = combine([1 + step, x], [-step, clean])
    // Messages (cancel) are heard between steps only.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return scale(settings.adjustsSigmas ? 1 / sigmas.at(-1)! : 1 / deviationOf(x), x)
}

/** The deviation of all numbers, by one less than their count. */
function deviationOf({ data }: Tensor): number {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length
  const squares = data.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return Math.sqrt(squares / (data.length - 1))
}
