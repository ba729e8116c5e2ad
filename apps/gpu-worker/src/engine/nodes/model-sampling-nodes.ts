import type { PredictionKind } from '@atelier/catalog'
import {
  ARC_TIMESTEPS,
  consistencyShares,
  createContinuousSampling,
  createModelSampling,
  createZeroTerminalSampling,
  toConsistencySampling,
} from '../denoise/model-sampling.ts'
import { EngineError } from '../engine-error.ts'
import { latentFormatOf } from '../models/latent-format.ts'
import type { ModelPatches } from '../models/patched-model.ts'
import type { ModelValue } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { NodeTable } from './node-table.ts'

/** Predictions by ComfyUI's names. */
const PREDICTIONS: Readonly<Record<string, PredictionKind>> = {
  eps: 'epsilon',
  v_prediction: 'v',
  lcm: 'epsilon',
  x0: 'x0',
  img_to_img: 'image',
  edm: 'edm',
  'edm_playground_v2.5': 'edm',
}

/** How a model is sampled: what it predicts, and at which sigmas. */
export const modelSamplingNodes: NodeTable = {
  ModelSamplingDiscrete: async (inputs) => {
    const name = inputs.text('sampling')
    const trained = inputs.flag('zsnr') ? createZeroTerminalSampling() : createModelSampling()
    const patches: ModelPatches = { prediction: predictionOf(name), sampling: trained }
    if (name !== 'lcm') return { outputs: [addPatches(inputs, { ...patches, consistencyAt: undefined })] }
    const sampling = toConsistencySampling(trained)
    const consistencyAt = (sigma: number) => consistencyShares(sampling.toNearestTimestep(sigma))
    return { outputs: [addPatches(inputs, { ...patches, sampling, consistencyAt })] }
  },
  ModelSamplingContinuousEDM: async (inputs) => {
    const name = inputs.text('sampling')
    const isPlayground = name === 'edm_playground_v2.5'
    return {
      outputs: [
        addPatches(inputs, {
          prediction: predictionOf(name),
          sampling: createContinuousSampling(inputs.number('sigma_min'), inputs.number('sigma_max')),
          consistencyAt: undefined,
          ...(isPlayground && { latents: latentFormatOf('sdxl', 'edm') }),
        }),
      ],
    }
  },
  ModelSamplingContinuousV: async (inputs) => ({
    outputs: [
      addPatches(inputs, {
        prediction: predictionOf(inputs.text('sampling')),
        sampling: createContinuousSampling(
          inputs.number('sigma_min'),
          inputs.number('sigma_max'),
          ARC_TIMESTEPS,
        ),
        consistencyAt: undefined,
      }),
    ],
  }),
  // The number format is the device's: on the CPU everything is single precision.
  ModelComputeDtype: async (inputs) => ({ outputs: [inputs.value<ModelValue>('model')] }),
  DifferentialDiffusion: async (inputs) => ({
    outputs: [
      addPatches(inputs, {
        maskThresholds: inputs.optional('strength') === undefined ? 1 : inputs.number('strength'),
      }),
    ],
  }),
}

function predictionOf(name: string): PredictionKind {
  const prediction = PREDICTIONS[name]
  if (prediction !== undefined) return prediction
  throw new EngineError('node-failed', `the sampling ${name} belongs to no Stable Diffusion model`, {
    exceptionType: 'ValueError',
  })
}

/** A node's model with further changes; those that add up follow the ones it has. */
export function addPatches(inputs: NodeInputs, patches: ModelPatches): ModelValue {
  const model = inputs.value<ModelValue>('model')
  const own = model.patches ?? {}
  const joined = {
    guides: [...(own.guides ?? []), ...(patches.guides ?? [])],
    inside: [...(own.inside ?? []), ...(patches.inside ?? [])],
    extras: [...(own.extras ?? []), ...(patches.extras ?? [])],
  }
  const added = Object.fromEntries(Object.entries(joined).filter(([, list]) => list.length > 0))
  return { ...model, patches: { ...own, ...patches, ...added } }
}
