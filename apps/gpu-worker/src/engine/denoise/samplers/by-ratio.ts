import { scale } from '../combine.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'

const f32 = Math.fround

/** How a sampler in ratios ends. */
export interface ByRatioOptions {
  /** Of a list that does not end at zero its answer is the latent at the last sigma but one. */
  readonly endsEarly?: boolean
}

/**
 * Makes a sampler that goes by the ratio of noise to picture act on rectified flows too: a mixture divided by the
 * picture's share is a picture with noise of that ratio added, and on that path the sampler is at home.
 */
export function byRatio(sampler: Sampler, { endsEarly = false }: ByRatioOptions = {}): Sampler {
  return async (start, run) => {
    if (run.flow === undefined) return sampler(start, run)
    const path = followRatios(run)
    const { sigmas } = path.run
    const ratio = sigmas.at(endsEarly && sigmas.at(-1) !== 0 ? -2 : -1)!
    const latent = await sampler(scale(1 / path.pictureShare(sigmas[0]!), start), path.run)
    return scale(path.pictureShare(ratio), latent)
  }
}

/** A run in ratios of noise to picture. */
function followRatios(run: SamplerRun): { run: SamplerRun; pictureShare: (ratio: number) => number } {
  const [first, ...rest] = run.sigmas as [number, ...number[]]
  const flowSigmas = [first >= 1 ? run.flow!.top : first, ...rest]
  const known = new Map(flowSigmas.map((sigma) => [toRatio(sigma), sigma]))
  const sigmaOf = (ratio: number) => known.get(ratio) ?? f32(ratio / (1 + ratio))
  const pictureShare = (ratio: number) => 1 - sigmaOf(ratio)
  const { denoise, noise, onStep } = run
  return {
    pictureShare,
    run: {
      ...run,
      flow: undefined,
      sigmas: flowSigmas.map(toRatio),
      sigmaOf,
      denoise: (latent, ratio) => denoise(scale(pictureShare(ratio), latent), sigmaOf(ratio)),
      noise: {
        next: () => noise.next(),
        churn: (shape) => noise.churn(shape),
        between: (from, to) => noise.between(sigmaOf(from), sigmaOf(to)),
      },
      onStep: (report) => onStep({ ...report, sigma: sigmaOf(report.sigma) }),
    },
  }
}

/** In single precision, as the originals' logarithms of it begin. */
function toRatio(sigma: number): number {
  return f32(f32(sigma) / f32(1 - f32(sigma)))
}
