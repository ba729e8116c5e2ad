import type { PredictionKind } from '@atelier/catalog'
import {
  ARC_TIMESTEPS,
  consistencyShares,
  createContinuousSampling,
  createModelSampling,
  createZeroTerminalSampling,
  toConsistencySampling,
  type ModelSampling,
} from '../denoise/model-sampling.ts'
import { createExponentialFlow, createShiftedFlow } from '../denoise/flow-sampling.ts'
import { LTXV_PLACES, shiftFor } from '../denoise/schedules/shifted-flow.ts'
import { EngineError } from '../engine-error.ts'
import { latentFormatOf } from '../models/latent-format.ts'
import type { ModelPatches } from '../models/patched-model.ts'
import type { LatentValue, ModelValue } from '../node-graph/node-context.ts'
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
    checkLogarithms(inputs)
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
  ModelSamplingContinuousV: async (inputs) => {
    checkLogarithms(inputs)
    const [low, high] = [inputs.number('sigma_min'), inputs.number('sigma_max')]
    return {
      outputs: [
        addPatches(inputs, {
          prediction: predictionOf(inputs.text('sampling')),
          sampling: createContinuousSampling(low, high, ARC_TIMESTEPS),
          consistencyAt: undefined,
        }),
      ],
    }
  },
  ModelSamplingSD3: async (inputs) =>
    addFlow(inputs, createShiftedFlow({ shift: inputs.number('shift'), multiplier: 1000 })),
  ModelSamplingAuraFlow: async (inputs) =>
    addFlow(inputs, createShiftedFlow({ shift: inputs.number('shift'), multiplier: 1 })),
  ModelSamplingFlux: async (inputs) => {
    const places = (inputs.integer('width') * inputs.integer('height')) / PIXELS_PER_PLACE
    return addFlow(inputs, createExponentialFlow(shiftFor(places, readShifts(inputs), FLUX_PLACES)))
  },
  ModelSamplingLTXV: async (inputs) => addFlow(inputs, createExponentialFlow(readLtxvShift(inputs))),
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

/** Flux sees squares of two by two latent cells. */
const PIXELS_PER_PLACE = 16 * 16
/** Places in a picture between which Flux's shift grows. */
const FLUX_PLACES = { from: 256, to: 4096 }

function addFlow(inputs: NodeInputs, sampling: ModelSampling): { outputs: [ModelValue] } {
  return { outputs: [addPatches(inputs, { prediction: 'flow', sampling, consistencyAt: undefined })] }
}

function readShifts(inputs: NodeInputs): { base: number; most: number } {
  return { base: inputs.number('base_shift'), most: inputs.number('max_shift') }
}

/** LTX-Video's shift for the size of a latent, or for its largest where none is given. */
export function readLtxvShift(inputs: NodeInputs): number {
  const latent = inputs.optional<LatentValue>('latent')
  const [, , ...size] = latent?.samples.shape ?? [1, 1, LTXV_PLACES.to]
  const places = size.reduce((product, side) => product * side, 1)
  return shiftFor(places, readShifts(inputs), LTXV_PLACES)
}

/** The failure that Python's arithmetic ends such a node of the original with. */
export function pythonError(exceptionType: string, message: string): EngineError {
  return new EngineError('node-failed', message, { exceptionType })
}

/**
 * Makes sure that both ends of a range of sigmas have logarithms.
 * @throws EngineError `node-failed` where one is zero
 */
export function checkLogarithms(inputs: NodeInputs): void {
  if (inputs.number('sigma_min') === 0 || inputs.number('sigma_max') === 0)
    throw pythonError('ValueError', 'math domain error')
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
