import type { ModelSampling } from '../model-sampling.ts'

/** Timesteps SD Turbo was trained at: 999, 899, … 99. */
const ANCHORS = 10
const STRIDE = 100

/** Sigmas of the adversarially distilled models (Sauer et al. 2023, arXiv 2311.17042), and zero. */
export function listSdTurboSigmas(steps: number, denoise: number, model: ModelSampling): number[] {
  const start = ANCHORS - Math.trunc(ANCHORS * denoise)
  const anchors = Array.from({ length: ANCHORS }, (_, i) => (ANCHORS - i) * STRIDE - 1)
  return [...anchors.slice(start, start + steps).map((timestep) => model.toSigma(timestep)), 0]
}
