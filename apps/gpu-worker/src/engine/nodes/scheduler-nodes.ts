import { listBasicSigmas } from '../denoise/plan-comfy.ts'
import { listAlignedSigmas, type AlignedModel } from '../denoise/schedules/align-your-steps-comfy.ts'
import { betaComfy } from '../denoise/schedules/beta.ts'
import {
  extendSigmas,
  flipSigmas,
  setFirstSigma,
  splitSigmas,
  splitSigmasByDenoise,
  type Spacing,
} from '../denoise/schedules/edit-sigmas.ts'
import { exponential, polyexponential } from '../denoise/schedules/exponential.ts'
import { listGitsSigmas } from '../denoise/schedules/gits.ts'
import { karras } from '../denoise/schedules/karras.ts'
import { listLaplaceSigmas } from '../denoise/schedules/laplace.ts'
import { createModelSampling, type ModelSampling } from '../denoise/model-sampling.ts'
import { listOptimalSigmas, type OptimalModel } from '../denoise/schedules/optimal-steps.ts'
import { listSdTurboSigmas } from '../denoise/schedules/sd-turbo.ts'
import type { Schedule } from '../denoise/schedules/schedule.ts'
import { listLtxvSigmas } from '../denoise/schedules/shifted-flow.ts'
import { listVpSigmas } from '../denoise/schedules/vp.ts'
import type { ModelValue, NodeContext, NodeExecution } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import type { SigmasValue } from '../node-graph/sampling-values.ts'
import { describeModel } from './describe-model.ts'
import { checkLogarithms, pythonError, readLtxvShift } from './model-sampling-nodes.ts'
import type { NodeTable } from './node-table.ts'

/** Nodes that make lists of sigmas. */
export const schedulerNodes: NodeTable = {
  BasicScheduler: async (inputs, context) => ({
    outputs: [
      listBasicSigmas({
        schedule: inputs.text('scheduler'),
        steps: inputs.integer('steps'),
        denoise: inputs.number('denoise'),
        model: await readSampling(inputs, context),
      }),
    ],
  }),
  KarrasScheduler: listBetween(karras, (inputs) => {
    if (inputs.number('rho') === 0) throw pythonError('ZeroDivisionError', 'float division by zero')
  }),
  ExponentialScheduler: listBetween(exponential, checkLogarithms),
  PolyexponentialScheduler: listBetween(polyexponential, checkLogarithms),
  LaplaceScheduler: async (inputs) => ({
    outputs: [
      listLaplaceSigmas({
        steps: inputs.integer('steps'),
        sigmaMin: inputs.number('sigma_min'),
        sigmaMax: inputs.number('sigma_max'),
        mu: inputs.number('mu'),
        beta: inputs.number('beta'),
      }),
    ],
  }),
  VPScheduler: async (inputs) => ({
    outputs: [
      listVpSigmas({
        steps: inputs.integer('steps'),
        betaD: inputs.number('beta_d'),
        betaMin: inputs.number('beta_min'),
        endTime: inputs.number('eps_s'),
      }),
    ],
  }),
  BetaSamplingScheduler: async (inputs, context) => {
    const model = await readSampling(inputs, context)
    const { sigmaMin, sigmaMax } = model
    const beta = { alpha: inputs.number('alpha'), beta: inputs.number('beta') }
    if (beta.alpha === 0 || beta.beta === 0)
      throw pythonError('ValueError', 'cannot convert float NaN to integer')
    const list = betaComfy.sigmas({ count: inputs.integer('steps'), sigmaMin, sigmaMax, beta, model })
    return { outputs: [[...list, 0]] }
  },
  SDTurboScheduler: async (inputs, context) => ({
    outputs: [
      listSdTurboSigmas(
        inputs.integer('steps'),
        inputs.number('denoise'),
        await readSampling(inputs, context),
      ),
    ],
  }),
  AlignYourStepsScheduler: async (inputs) => {
    const model = inputs.text('model_type') as AlignedModel
    return { outputs: [listAlignedSigmas(model, inputs.integer('steps'), inputs.number('denoise'))] }
  },
  GITSScheduler: async (inputs) => ({
    outputs: [
      listGitsSigmas({
        coefficient: inputs.number('coeff'),
        steps: inputs.integer('steps'),
        denoise: inputs.number('denoise'),
      }),
    ],
  }),
  OptimalStepsScheduler: async (inputs) => {
    const model = inputs.text('model_type') as OptimalModel
    return { outputs: [listOptimalSigmas(model, inputs.integer('steps'), inputs.number('denoise'))] }
  },
  LTXVScheduler: async (inputs) => {
    const terminal = inputs.flag('stretch') ? inputs.number('terminal') : undefined
    return { outputs: [listLtxvSigmas(inputs.integer('steps'), readLtxvShift(inputs), terminal)] }
  },
}

/** Nodes that cut, turn and extend lists of sigmas. */
export const sigmaNodes: NodeTable = {
  SplitSigmas: async (inputs) => ({ outputs: splitSigmas(readSigmas(inputs), inputs.integer('step')) }),
  SplitSigmasDenoise: async (inputs) => ({
    outputs: splitSigmasByDenoise(readSigmas(inputs), inputs.number('denoise')),
  }),
  FlipSigmas: async (inputs) => ({ outputs: [flipSigmas(readSigmas(inputs))] }),
  SetFirstSigma: async (inputs) => {
    const sigmas = readSigmas(inputs)
    if (sigmas.length === 0)
      throw pythonError('IndexError', 'index 0 is out of bounds for dimension 0 with size 0')
    return { outputs: [setFirstSigma(sigmas, inputs.number('sigma'))] }
  },
  ExtendIntermediateSigmas: async (inputs) => ({
    outputs: [
      extendSigmas(readSigmas(inputs), {
        steps: inputs.integer('steps'),
        from: inputs.number('start_at_sigma'),
        to: inputs.number('end_at_sigma'),
        spacing: inputs.text('spacing') as Spacing,
      }),
    ],
  }),
  SamplingPercentToSigma: async (inputs, context) => {
    const percent = inputs.number('sampling_percent')
    const { atPercent, sigmaMin, sigmaMax } = await readSampling(inputs, context)
    const isActual = inputs.flag('return_actual_sigma')
    if (isActual && percent === 0) return { outputs: [sigmaMax] }
    return { outputs: [isActual && percent === 1 ? sigmaMin : atPercent(percent)] }
  },
}

/** A schedule between two sigmas that the node names, whatever the model; `check` throws where it is none. */
function listBetween(schedule: Schedule, check: (inputs: NodeInputs) => void): NodeExecution {
  return async (inputs) => {
    check(inputs)
    const sigmas = schedule.sigmas({
      count: inputs.integer('steps'),
      sigmaMin: inputs.number('sigma_min'),
      sigmaMax: inputs.number('sigma_max'),
      rho: inputs.optional('rho') === undefined ? undefined : inputs.number('rho'),
      model: createModelSampling(),
    })
    return { outputs: [[...sigmas, 0]] }
  }
}

function readSigmas(inputs: NodeInputs): SigmasValue {
  return inputs.value<SigmasValue>('sigmas')
}

async function readSampling(inputs: NodeInputs, context: NodeContext): Promise<ModelSampling> {
  return (await describeModel(inputs.value<ModelValue>('model'), context)).sampling
}
