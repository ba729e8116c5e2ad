import type { ModelSampling } from './model-sampling.ts'

const f32 = Math.fround

/** Share of the way at which a run begins whose start at the very top would have no ratio of picture to noise. */
const NEAR_TOP = 1e-4

/**
 * The schedule of a rectified flow (Liu et al. 2022, arXiv 2209.03003): a latent is `sigma * noise + (1 - sigma) * picture`,
 * timesteps are shifted towards the noise by a factor (Esser et al. 2024, arXiv 2403.03206, equation 23).
 */
export function createShiftedFlow({
  shift,
  multiplier,
}: {
  readonly shift: number
  /** The network's timestep of sigma 1. */
  readonly multiplier: number
}): ModelSampling {
  const bend = (share: number) => {
    if (shift === 1) return share
    return f32(f32(f32(shift) * share) / f32(1 + f32(f32(shift - 1) * share)))
  }
  return createFlow({
    count: 1000,
    multiplier,
    toSigma: (timestep) => bend(f32(f32(timestep) / f32(multiplier))),
    atShare: (share) => (shift === 1 ? share : (shift * share) / (1 + (shift - 1) * share)),
  })
}

/** The same with Flux's shift: `e^mu / (e^mu + 1/t - 1)`, where the network is told sigma itself. */
export function createExponentialFlow(mu: number): ModelSampling {
  const factor = Math.exp(mu)
  return createFlow({
    count: 10_000,
    multiplier: 1,
    toSigma: (share) => shiftExponentially(share, factor),
    atShare: (share) => factor / (factor + (1 / share - 1)),
  })
}

/** `factor / (factor + 1/share - 1)` in single precision; torch divides a number by a tensor through its reciprocal. */
export function shiftExponentially(share: number, factor: number): number {
  const sum = f32(f32(factor) + f32(f32(1 / f32(share)) - 1))
  return f32(f32(1 / sum) * f32(factor))
}

interface FlowRule {
  /** Entries of the table of sigmas. */
  readonly count: number
  readonly multiplier: number
  /** Sigma of a timestep, in single precision as the original computes it. */
  readonly toSigma: (timestep: number) => number
  /** Sigma at a share of the way from picture to noise, in double precision. */
  readonly atShare: (share: number) => number
}

function createFlow({ count, multiplier, toSigma, atShare }: FlowRule): ModelSampling {
  const sigmas = Float64Array.from({ length: count }, (_, i) =>
    toSigma(f32(f32((i + 1) / count) * f32(multiplier))),
  )
  const toTimestep = (sigma: number) => f32(f32(sigma) * f32(multiplier))
  const atPercent = (percent: number) => {
    if (percent <= 0) return 1
    return percent >= 1 ? 0 : atShare(1 - percent)
  }
  return {
    sigmas,
    alphasCumprod: sigmas.map((sigma) => (1 - sigma) ** 2),
    sigmaMin: sigmas[0]!,
    sigmaMax: sigmas.at(-1)!,
    firstTimestep: toTimestep(sigmas[0]!),
    lastTimestep: toTimestep(sigmas.at(-1)!),
    toSigma,
    toTimestep,
    toNearestTimestep: toTimestep,
    atPercent,
    flow: { top: f32(atPercent(NEAR_TOP)) },
  }
}
