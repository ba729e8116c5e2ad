import type { ModelFamily, PredictionKind, TrainedSchedule } from '@atelier/catalog'
import type { UnetConfig } from './detect-unet.ts'
import { readTensor } from './read-tensor.ts'
import type { WeightFile } from './weight-file.ts'

/** What a network's output means, and at which sigmas it was trained. */
export interface Prediction {
  readonly prediction: PredictionKind
  readonly schedule: TrainedSchedule
}

const SCALED_LINEAR: TrainedSchedule = { kind: 'scaled-linear' }
/** Range of Playground 2.5, and the lower end of EDM files that do not name one. */
const EDM = { sigmaMin: 0.002, sigmaMax: 80 }
/** Deviation of a late bias above which an SD2 predicts velocities (ComfyUI's test). */
const VELOCITY_BIAS = 0.09

/**
 * What a model predicts. Configurations say it; single files of SDXL say it with marker tensors (`v_pred`, `ztsnr`, `edm_vpred.sigma_max`, `edm_mean`);
 * those of SD2 do not, and are told apart as ComfyUI does: by the deviation of a bias in the last transformer.
 */
export function detectPrediction(file: WeightFile, family: ModelFamily, unet: UnetConfig): Prediction {
  if (file.declared?.prediction !== undefined) return file.declared.prediction
  const has = (name: string) => file.tensors.has(name)
  const numberIn = (name: string) => (has(name) ? readTensor(file, name).data[0] : undefined)
  if (family === 'sdxl') {
    if (has('edm_mean') && has('edm_std'))
      return { prediction: 'edm', schedule: { kind: 'continuous', ...EDM } }
    const sigmaMax = numberIn('edm_vpred.sigma_max')
    if (sigmaMax !== undefined) {
      const sigmaMin = numberIn('edm_vpred.sigma_min') ?? EDM.sigmaMin
      return { prediction: 'v', schedule: { kind: 'continuous', sigmaMin, sigmaMax } }
    }
    if (has('v_pred'))
      return { prediction: 'v', schedule: has('ztsnr') ? { kind: 'zero-terminal' } : SCALED_LINEAR }
  }
  const isVelocity =
    family === 'sd2' && unet.inChannels === 4 && lastBiasDeviation(file, unet) > VELOCITY_BIAS
  return { prediction: isVelocity ? 'v' : 'epsilon', schedule: SCALED_LINEAR }
}

/** Deviation of the first normalisation's bias in the last output block; 0 where that has no transformer. */
function lastBiasDeviation(file: WeightFile, { prefix, outputDepths }: UnetConfig): number {
  const name = `${prefix}output_blocks.${outputDepths.length - 1}.1.transformer_blocks.0.norm1.bias`
  if (!file.tensors.has(name)) return 0
  const { data } = readTensor(file, name)
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length
  return Math.sqrt(data.reduce((sum, value) => sum + (value - mean) ** 2, 0) / data.length)
}
