import {
  createModelSampling,
  createZeroTerminalSampling,
  fromAlphas,
  toConsistencySampling,
  type ModelSampling,
} from '../model-sampling.ts'

/** Models of the recordings by their tag. */
export const MODELS: Readonly<Record<string, ModelSampling>> = {
  sd1: createModelSampling(),
  sdxl: createModelSampling(),
  zsnr: createZeroTerminalSampling(),
  lcm: toConsistencySampling(createModelSampling()),
  // k-diffusion makes its sigmas of alpha-bars that were rounded before.
  'k-diffusion': fromAlphas(createModelSampling().alphasCumprod.map(Math.fround)),
}
