const f32 = Math.fround

/** Training steps of every Stable Diffusion schedule. */
export const TRAINING_STEPS = 1000

/** How a network's timesteps and sigmas belong together. */
export interface ModelSampling {
  /** Sigma of each timestep, ascending. */
  readonly sigmas: Float64Array
  /** Alpha-bar of each timestep. */
  readonly alphasCumprod: Float64Array
  readonly sigmaMin: number
  readonly sigmaMax: number
  /** Sigma at a timestep, fractions by interpolation of logarithms. */
  toSigma(timestep: number): number
  /** Timestep of a sigma, fractional (A1111's rule). */
  toTimestep(sigma: number): number
  /** Nearest whole timestep of a sigma (ComfyUI's rule). */
  toNearestTimestep(sigma: number): number
}

/** What a network's output means. */
export type PredictionKind = 'epsilon' | 'v'

/** Stable Diffusion's scaled-linear betas, 0.00085 to 0.012 (Rombach et al. 2022). */
export function createModelSampling(): ModelSampling {
  const [start, end] = [Math.sqrt(0.00085), Math.sqrt(0.012)]
  const alphasCumprod = new Float64Array(TRAINING_STEPS)
  let product = 1
  for (let i = 0; i < TRAINING_STEPS; i += 1) {
    product *= 1 - (start + ((end - start) * i) / (TRAINING_STEPS - 1)) ** 2
    alphasCumprod[i] = product
  }
  return fromAlphas(alphasCumprod)
}

/** The schedule with those alpha-bars. */
export function fromAlphas(alphasCumprod: Float64Array): ModelSampling {
  // The originals hold both tables in f32; schedules built on them keep their digits.
  const sigmas = alphasCumprod.map((alpha) => f32(Math.sqrt((1 - alpha) / alpha)))
  const logs = sigmas.map((sigma) => f32(Math.log(sigma)))
  const last = sigmas.length - 1
  return {
    sigmas,
    alphasCumprod,
    sigmaMin: sigmas[0]!,
    sigmaMax: sigmas[last]!,
    toSigma(timestep) {
      const t = Math.min(Math.max(timestep, 0), last)
      const low = Math.min(Math.floor(t), last - 1)
      const share = t - low
      return f32(Math.exp(f32(f32((1 - share) * logs[low]!) + f32(share * logs[low + 1]!))))
    },
    toTimestep(sigma) {
      const log = Math.log(sigma)
      const low = Math.min(countNotAbove(logs, log), last) - 1
      const index = Math.min(Math.max(low, 0), last - 1)
      const share = Math.min(Math.max((logs[index]! - log) / (logs[index]! - logs[index + 1]!), 0), 1)
      return (1 - share) * index + share * (index + 1)
    },
    toNearestTimestep(sigma) {
      const log = Math.log(sigma)
      const above = Math.min(countNotAbove(logs, log), last)
      const below = Math.max(above - 1, 0)
      return Math.abs(log - logs[below]!) <= Math.abs(log - logs[above]!) ? below : above
    },
  }
}

/** How many of the ascending values are not above the limit. */
function countNotAbove(values: Float64Array, limit: number): number {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low
}

/** Factor on the latent before it enters the network (variance exploding to preserving). */
export function inputScale(sigma: number): number {
  return 1 / Math.sqrt(sigma * sigma + 1)
}

/** Factors of latent and output in the denoised latent: `latent * fromLatent + output * fromOutput`. */
export function denoisedFactors(
  kind: PredictionKind,
  sigma: number,
): { fromLatent: number; fromOutput: number } {
  if (kind === 'epsilon') return { fromLatent: 1, fromOutput: -sigma }
  const square = sigma * sigma + 1
  return { fromLatent: 1 / square, fromOutput: -sigma / Math.sqrt(square) }
}

/** Every how many timesteps a latent consistency model was distilled at. */
const CONSISTENCY_STRIDE = 20
/** Data deviation and timestep factor of its boundary condition (Luo et al. 2023, arXiv 2310.04378). */
const CONSISTENCY = { dataVariance: 0.25, timestepFactor: 10 }

/** The schedule over the 50 timesteps 19, 39, … 999 of a latent consistency model; its timesteps are their indexes. */
export function toConsistencySampling(model: ModelSampling): ModelSampling {
  return fromAlphas(model.alphasCumprod.filter((_, t) => t % CONSISTENCY_STRIDE === CONSISTENCY_STRIDE - 1))
}

/** The network's timestep for an index of the consistency schedule. */
export function toConsistencyTimestep(index: number): number {
  return index * CONSISTENCY_STRIDE + CONSISTENCY_STRIDE - 1
}

/** Shares of the input and of the predicted clean latent in a consistency model's answer at a timestep. */
export function consistencyShares(timestep: number): { skip: number; out: number } {
  const scaled = timestep * CONSISTENCY.timestepFactor
  const { dataVariance } = CONSISTENCY
  return {
    skip: dataVariance / (scaled ** 2 + dataVariance),
    out: scaled / Math.sqrt(scaled ** 2 + dataVariance),
  }
}
