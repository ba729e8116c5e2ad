import type { TrainedSchedule } from '@atelier/catalog'
import { roundToHalf } from '../tensor/float-formats.ts'

const f32 = Math.fround

/** Training steps of every Stable Diffusion schedule. */
export const TRAINING_STEPS = 1000

/** How a network's timesteps and sigmas belong together. Timesteps are the network's own, whatever the table skips. */
export interface ModelSampling {
  /** Sigmas the network was trained at, ascending. */
  readonly sigmas: Float64Array
  /** Alpha-bar of each of them. */
  readonly alphasCumprod: Float64Array
  readonly sigmaMin: number
  readonly sigmaMax: number
  /** Timesteps of the smallest and of the largest sigma. */
  readonly firstTimestep: number
  readonly lastTimestep: number
  /** Sigma at a timestep, fractions by interpolation of logarithms. */
  toSigma(timestep: number): number
  /** Timestep of a sigma, fractional (A1111's rule). */
  toTimestep(sigma: number): number
  /** Timestep of the nearest sigma of the table (ComfyUI's rule; A1111's with "enable quantization"). */
  toNearestTimestep(sigma: number): number
  /** Sigma at a share of the way from noise to picture; above every sigma at 0, zero at 1 (ComfyUI's rule). */
  atPercent(percent: number): number
  /** Latents are mixtures of noise and picture; absent: pictures with noise added. */
  readonly flow?: Flow
}

/** A path on which a latent is `sigma * noise + (1 - sigma) * picture`. */
export interface Flow {
  /** The sigma that stands for 1 where the ratio of noise to picture must be finite. */
  readonly top: number
}

/** How much of the picture is in a latent of that sigma. */
export function pictureShare({ flow }: { readonly flow?: Flow | undefined }, sigma: number): number {
  return flow === undefined ? 1 : 1 - sigma
}

/** Above every sigma: where a range that begins at 0 percent begins. */
const BEFORE_ALL = 999_999_999.9

/** Stable Diffusion's scaled-linear betas, 0.00085 to 0.012 (Rombach et al. 2022). */
export function createModelSampling(): ModelSampling {
  return fromAlphas(trainedAlphas())
}

/** The sigmas a checkpoint says it was trained at. */
export function openModelSampling(schedule: TrainedSchedule): ModelSampling {
  switch (schedule.kind) {
    case 'scaled-linear':
      return createModelSampling()
    case 'zero-terminal':
      return createZeroTerminalSampling()
    case 'continuous':
      return createContinuousSampling(schedule.sigmaMin, schedule.sigmaMax)
  }
}

function trainedAlphas(): Float64Array {
  const [start, end] = [Math.sqrt(0.00085), Math.sqrt(0.012)]
  const alphasCumprod = new Float64Array(TRAINING_STEPS)
  let product = 1
  for (let i = 0; i < TRAINING_STEPS; i += 1) {
    product *= 1 - (start + ((end - start) * i) / (TRAINING_STEPS - 1)) ** 2
    alphasCumprod[i] = product
  }
  return alphasCumprod
}

/** Last alpha-bar of a schedule of zero terminal SNR, in place of zero (as A1111 and ComfyUI have it). */
const TERMINAL_ALPHA = 4.8973451890853435e-8

/** The schedule rescaled to zero terminal signal-to-noise ratio (Lin et al. 2023, arXiv 2305.08891, algorithm 1). */
export function createZeroTerminalSampling(): ModelSampling {
  return fromAlphas(toZeroTerminal(trainedAlphas()))
}

function toZeroTerminal(alphas: Float64Array): Float64Array {
  const roots = alphas.map(Math.sqrt)
  const [first, last] = [roots[0]!, roots.at(-1)!]
  const alphasCumprod = roots.map((root) => (((root - last) * first) / (first - last)) ** 2)
  alphasCumprod[alphasCumprod.length - 1] = TERMINAL_ALPHA
  return alphasCumprod
}

/** How A1111's options change the schedule a checkpoint was trained at. */
export interface ScheduleChange {
  /** Rescaled to zero terminal SNR ("Noise schedule for sampling"). */
  readonly isZeroTerminal: boolean
  /** Alpha-bars rounded to half precision first, as before A1111 1.7. */
  readonly isHalfPrecision: boolean
}

/** A trained schedule as the options change it. */
export function changeSchedule(
  model: ModelSampling,
  { isZeroTerminal, isHalfPrecision }: ScheduleChange,
): ModelSampling {
  if (!isZeroTerminal && !isHalfPrecision) return model
  const alphas = isHalfPrecision ? model.alphasCumprod.map(roundToHalf) : model.alphasCumprod
  return fromAlphas(isZeroTerminal ? toZeroTerminal(alphas) : alphas)
}

/** The schedule with those alpha-bars; `stride` network timesteps lie between two of them, of which the last counts. */
export function fromAlphas(alphasCumprod: Float64Array, stride = 1): ModelSampling {
  // The originals hold both tables in f32; schedules built on them keep their digits.
  const exact = alphasCumprod.map((alpha) => Math.sqrt((1 - alpha) / alpha))
  const sigmas = exact.map(f32)
  const logs = exact.map((sigma) => f32(Math.log(sigma)))
  const last = sigmas.length - 1
  const toNetwork = (index: number) => index * stride + stride - 1
  const toSigma = (timestep: number) => {
    const at = Math.min(Math.max(f32(f32(f32(timestep) - (stride - 1)) / stride), 0), last)
    const low = Math.floor(at)
    const share = f32(at - low)
    return f32(Math.exp(f32(f32(f32(1 - share) * logs[low]!) + f32(share * logs[Math.min(low + 1, last)]!))))
  }
  return {
    sigmas,
    alphasCumprod,
    sigmaMin: sigmas[0]!,
    sigmaMax: sigmas[last]!,
    firstTimestep: toNetwork(0),
    lastTimestep: toNetwork(last),
    toSigma,
    toTimestep(sigma) {
      const log = Math.log(sigma)
      const low = Math.min(countNotAbove(logs, log), last) - 1
      const index = Math.min(Math.max(low, 0), last - 1)
      const share = Math.min(Math.max((logs[index]! - log) / (logs[index]! - logs[index + 1]!), 0), 1)
      return toNetwork((1 - share) * index + share * (index + 1))
    },
    toNearestTimestep(sigma) {
      const log = f32(Math.log(sigma))
      const above = Math.min(countNotAbove(logs, log), last)
      const below = Math.max(above - 1, 0)
      return toNetwork(f32(Math.abs(log - logs[below]!)) <= f32(Math.abs(log - logs[above]!)) ? below : above)
    },
    atPercent(percent) {
      if (percent <= 0) return BEFORE_ALL
      return percent >= 1 ? 0 : toSigma((1 - percent) * (TRAINING_STEPS - 1))
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

/** Factor between the logarithm of sigma and the timestep of a continuous schedule (Karras et al. 2022). */
const TIMESTEP_OF_LOG = 0.25

/** How a continuous schedule's timesteps and sigmas belong together. */
export interface ContinuousTimesteps {
  toTimestep(sigma: number): number
  toSigma(timestep: number): number
}

/** A quarter of the logarithm of sigma (Karras et al. 2022: Playground 2.5, CosXL). */
const LOGARITHMIC: ContinuousTimesteps = {
  toTimestep: (sigma) => TIMESTEP_OF_LOG * Math.log(sigma),
  toSigma: (timestep) => Math.exp(timestep / TIMESTEP_OF_LOG),
}

/** Arc of sigma, 1 for infinite noise. */
export const ARC_TIMESTEPS: ContinuousTimesteps = {
  toTimestep: (sigma) => (Math.atan(sigma) / Math.PI) * 2,
  toSigma: (timestep) => Math.tan((timestep * Math.PI) / 2),
}

/** A schedule over any sigma of a range. */
export function createContinuousSampling(
  sigmaMin: number,
  sigmaMax: number,
  timesteps: ContinuousTimesteps = LOGARITHMIC,
): ModelSampling {
  const [low, high] = [Math.log(sigmaMin), Math.log(sigmaMax)]
  const at = (share: number) => f32(Math.exp(low + share * (high - low)))
  const sigmas = Float64Array.from({ length: TRAINING_STEPS }, (_, i) => at(i / (TRAINING_STEPS - 1)))
  const { toTimestep } = timesteps
  return {
    sigmas,
    alphasCumprod: sigmas.map((sigma) => 1 / (sigma * sigma + 1)),
    sigmaMin: sigmas[0]!,
    sigmaMax: sigmas.at(-1)!,
    firstTimestep: toTimestep(sigmas[0]!),
    lastTimestep: toTimestep(sigmas.at(-1)!),
    toSigma: (timestep) => f32(timesteps.toSigma(timestep)),
    toTimestep,
    toNearestTimestep: toTimestep,
    atPercent(percent) {
      if (percent <= 0) return BEFORE_ALL
      return percent >= 1 ? 0 : Math.exp((high - low) * (1 - percent) + low)
    },
  }
}

/** Every how many timesteps a latent consistency model was distilled at. */
const CONSISTENCY_STRIDE = 20
/** Data deviation and timestep factor of its boundary condition (Luo et al. 2023, arXiv 2310.04378). */
const CONSISTENCY = { dataVariance: 0.25, timestepFactor: 10 }

/** The schedule over the 50 timesteps 19, 39, … 999 of a latent consistency model. */
export function toConsistencySampling(model: ModelSampling): ModelSampling {
  const kept = model.alphasCumprod.filter((_, t) => t % CONSISTENCY_STRIDE === CONSISTENCY_STRIDE - 1)
  return fromAlphas(kept, CONSISTENCY_STRIDE)
}

/** Shares of the input and of the predicted clean latent in a consistency model's answer at a timestep. */
export function consistencyShares(
  timestep: number,
  factor = CONSISTENCY.timestepFactor,
): { skip: number; out: number } {
  const scaled = timestep * factor
  const { dataVariance } = CONSISTENCY
  return {
    skip: dataVariance / (scaled ** 2 + dataVariance),
    out: scaled / Math.sqrt(scaled ** 2 + dataVariance),
  }
}
