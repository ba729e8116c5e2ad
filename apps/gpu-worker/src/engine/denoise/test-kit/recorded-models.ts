import { createExponentialFlow, createShiftedFlow } from '../flow-sampling.ts'
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
  sd3: createShiftedFlow({ shift: 3, multiplier: 1000 }),
  'sd3-1': createShiftedFlow({ shift: 1, multiplier: 1000 }),
  'sd3-12': createShiftedFlow({ shift: 12, multiplier: 1000 }),
  auraflow: createShiftedFlow({ shift: 1.73, multiplier: 1 }),
  flux: createExponentialFlow(1.15),
  'flux-0.4': createExponentialFlow(0.4),
  // k-diffusion makes its sigmas of alpha-bars that were rounded before.
  'k-diffusion': fromAlphas(createModelSampling().alphasCumprod.map(Math.fround)),
}
