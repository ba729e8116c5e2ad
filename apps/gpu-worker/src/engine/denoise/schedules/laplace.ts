import { f32, linspace } from './schedule.ts'

/** Keeps the logarithm finite in the middle of the distribution. */
const SMALLEST = 1e-5

/** Logarithms of sigma after a Laplace distribution (Hang et al. 2024, arXiv 2407.03297); no final zero, as in ComfyUI. */
export function listLaplaceSigmas(settings: {
  readonly steps: number
  readonly sigmaMin: number
  readonly sigmaMax: number
  readonly mu: number
  readonly beta: number
}): number[] {
  const { steps, sigmaMin, sigmaMax, mu, beta } = settings
  return linspace(0, 1, steps).map((x) => {
    const away = f32(0.5 - x)
    const log = mu - beta * Math.sign(away) * Math.log(1 - 2 * Math.abs(away) + SMALLEST)
    return f32(Math.min(Math.max(Math.exp(log), sigmaMin), sigmaMax))
  })
}
