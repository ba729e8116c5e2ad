import { f32, linspace } from './schedule.ts'

/** The variance-preserving equation's sigmas, even in time (Song et al. 2020, arXiv 2011.13456), and zero. */
export function listVpSigmas(settings: {
  readonly steps: number
  readonly betaD: number
  readonly betaMin: number
  /** Time of the last sigma. */
  readonly endTime: number
}): number[] {
  const { steps, betaD, betaMin, endTime } = settings
  const sigmas = linspace(1, endTime, steps).map((t) => {
    const exponent = f32(f32(f32(betaD * f32(t * t)) / 2) + f32(betaMin * t))
    return f32(Math.sqrt(f32(Math.expm1(exponent))))
  })
  return [...sigmas, 0]
}
