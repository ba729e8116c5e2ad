import { listBasicSigmas } from '../plan-comfy.ts'
import { listAlignedSigmas, type AlignedModel } from '../schedules/align-your-steps-comfy.ts'
import { betaComfy } from '../schedules/beta.ts'
import {
  extendSigmas,
  flipSigmas,
  setFirstSigma,
  splitSigmas,
  splitSigmasByDenoise,
  type Spacing,
} from '../schedules/edit-sigmas.ts'
import { exponential, polyexponential } from '../schedules/exponential.ts'
import { listGitsSigmas } from '../schedules/gits.ts'
import { karras } from '../schedules/karras.ts'
import { listLaplaceSigmas } from '../schedules/laplace.ts'
import { listOptimalSigmas, type OptimalModel } from '../schedules/optimal-steps.ts'
import { listSdTurboSigmas } from '../schedules/sd-turbo.ts'
import type { Schedule } from '../schedules/schedule.ts'
import { listLtxvSigmas, LTXV_PLACES, shiftFor } from '../schedules/shifted-flow.ts'
import { listVpSigmas } from '../schedules/vp.ts'
import { MODELS } from './recorded-models.ts'

/** A recorded call of one of ComfyUI's nodes that make or change sigmas. */
export interface SigmaNodeRecording {
  readonly kind: string
  readonly node: string
  readonly args: Readonly<Record<string, number | string | boolean | number[]>>
  readonly out: (number[] | number)[]
}

interface Arguments {
  readonly number: (name: string) => number
  readonly text: (name: string) => string
  readonly sigmas: number[]
  /** Places in the latent a node is given; the most that count where it is given none. */
  readonly places: number
}

const model = MODELS['sd1']!

const explicit =
  (schedule: Schedule) =>
  ({ number }: Arguments) => [
    [
      ...schedule.sigmas({
        count: number('steps'),
        sigmaMin: number('sigma_min'),
        sigmaMax: number('sigma_max'),
        rho: number('rho') || undefined,
        model,
      }),
      0,
    ],
  ]

const NODES: Readonly<Record<string, (values: Arguments) => (number[] | number)[]>> = {
  KarrasScheduler: explicit(karras),
  ExponentialScheduler: explicit(exponential),
  PolyexponentialScheduler: explicit(polyexponential),
  LaplaceScheduler: ({ number }) => [
    listLaplaceSigmas({
      steps: number('steps'),
      sigmaMin: number('sigma_min'),
      sigmaMax: number('sigma_max'),
      mu: number('mu'),
      beta: number('beta'),
    }),
  ],
  VPScheduler: ({ number }) => [
    listVpSigmas({
      steps: number('steps'),
      betaD: number('beta_d'),
      betaMin: number('beta_min'),
      endTime: number('eps_s'),
    }),
  ],
  BetaSamplingScheduler: ({ number }) => {
    const { sigmaMin, sigmaMax } = model
    const beta = { alpha: number('alpha'), beta: number('beta') }
    return [[...betaComfy.sigmas({ count: number('steps'), sigmaMin, sigmaMax, beta, model }), 0]]
  },
  SDTurboScheduler: ({ number }) => [listSdTurboSigmas(number('steps'), number('denoise'), model)],
  BasicScheduler: ({ number, text }) => [
    listBasicSigmas({
      schedule: text('scheduler'),
      steps: number('steps'),
      denoise: number('denoise'),
      model,
    }),
  ],
  SplitSigmas: ({ sigmas, number }) => splitSigmas(sigmas, number('step')),
  SplitSigmasDenoise: ({ sigmas, number }) => splitSigmasByDenoise(sigmas, number('denoise')),
  FlipSigmas: ({ sigmas }) => [flipSigmas(sigmas)],
  SetFirstSigma: ({ sigmas, number }) => [setFirstSigma(sigmas, number('sigma'))],
  ExtendIntermediateSigmas: ({ sigmas, number, text }) => [
    extendSigmas(sigmas, {
      steps: number('steps'),
      from: number('start_at_sigma'),
      to: number('end_at_sigma'),
      spacing: text('spacing') as Spacing,
    }),
  ],
  SamplingPercentToSigma: ({ number, text }) => {
    const percent = number('sampling_percent')
    if (text('return_actual_sigma') !== 'true') return [model.atPercent(percent)]
    return [percent === 0 ? model.sigmaMax : percent === 1 ? model.sigmaMin : model.atPercent(percent)]
  },
  AlignYourStepsScheduler: ({ number, text }) => [
    listAlignedSigmas(text('model_type') as AlignedModel, number('steps'), number('denoise')),
  ],
  GITSScheduler: ({ number }) => [
    listGitsSigmas({ coefficient: number('coeff'), steps: number('steps'), denoise: number('denoise') }),
  ],
  OptimalStepsScheduler: ({ number, text }) => [
    listOptimalSigmas(text('model_type') as OptimalModel, number('steps'), number('denoise')),
  ],
  LTXVScheduler: ({ number, text, places }) => {
    const shifts = { base: number('base_shift'), most: number('max_shift') }
    const terminal = text('stretch') === 'true' ? number('terminal') : undefined
    return [listLtxvSigmas(number('steps'), shiftFor(places, shifts, LTXV_PLACES), terminal)]
  },
}

/** What our functions give for a recorded call; undefined for a node that is not about sigmas. */
export function runSigmaNode({ node, args }: SigmaNodeRecording): number[][] | undefined {
  const outputs = NODES[node]?.({
    number: (name) => Number(args[name]),
    text: (name) => String(args[name]),
    sigmas: (args['sigmas'] as number[] | undefined) ?? [],
    places: ((args['places'] as number[] | undefined) ?? [LTXV_PLACES.to]).reduce((a, b) => a * b),
  })
  return outputs?.map((output) => [output].flat())
}
