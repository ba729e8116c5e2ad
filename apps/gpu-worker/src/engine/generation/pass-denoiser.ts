import { RunEvent } from '@atelier/proto'
import { createEditDenoiser } from '../denoise/edit-guidance.ts'
import { createGuidedDenoiser, type GuidanceOptions } from '../denoise/guidance.ts'
import { patchNetwork } from '../denoise/inside/patch-network.ts'
import { isTimestepSampler } from '../denoise/plan-webui.ts'
import type { SamplingPlan } from '../denoise/plan.ts'
import type { Denoiser } from '../denoise/sampler.ts'
import { createSkipRule } from '../denoise/skip-unconditional.ts'
import type { WebuiExtras } from '../denoise/webui-extras.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import { hasUnevenSides } from '../tensor/tensor.ts'
import { encodeConditioning } from './condition.ts'
import { guideConditioning, type PassControls } from './controls/guide-pass.ts'
import { showReferences } from './controls/references.ts'
import { EDIT_CHANNELS, readExtraChannels } from './extra-channels.ts'
import { countEvaluations, samplingOf, type Generation } from './generation.ts'
import { listPassPatches } from './pass-patches.ts'
import type { Pass } from './pass.ts'
import { findRefiner, refineDenoiser } from './refine.ts'

/**
 * How often a latent's side is halved on the way down, as a factor: SD1's and SD2's; SDXL's is 4. Of sizes that are no
 * multiple of it the model's own reduction decides.
 */
const MAX_REDUCTION = 8

/** A pass that has been planned. */
export interface PlannedPass {
  readonly plan: SamplingPlan
  readonly extras: WebuiExtras
  readonly controls: PassControls
  readonly state: PassState
}

/** What changes while a pass runs. */
export interface PassState {
  /** Whether the last evaluation's prompts were padded. */
  isPadded: boolean
  /** The checkpoint in use. */
  checkpoint: UsableCheckpoint
}

/** A pass's denoiser: its checkpoint's, and from where it takes over the refiner's. */
export async function createPassDenoiser(
  generation: Generation,
  pass: Pass,
  planned: PlannedPass,
): Promise<Denoiser> {
  const base = await createCheckpointDenoiser(generation, pass, {
    ...planned,
    checkpoint: pass.checkpoint,
    calls: 0,
  })
  const refiner = findRefiner(generation, pass)
  if (refiner === undefined) return base
  return refineDenoiser(base, {
    refiner,
    plan: planned.plan,
    sigmas: pass.checkpoint.model.sampling.sigmas,
    totalCalls: countEvaluations(pass.settings.sampler, planned.plan.sigmas.length - 1),
    takeOver: async (calls) => {
      generation.events.add(RunEvent.RUN_EVENT_REFINED)
      const checkpoint = await generation.models.checkpoint(refiner.checkpoint, pass.loras)
      planned.state.checkpoint = checkpoint
      return createCheckpointDenoiser(generation, pass, { ...planned, checkpoint, calls })
    },
  })
}

/** A checkpoint that takes part in a pass, from after a number of evaluations on. */
interface Turn {
  readonly checkpoint: UsableCheckpoint
  readonly calls: number
}

/** A denoiser with a checkpoint's networks that goes on after a number of evaluations. */
export async function createCheckpointDenoiser(
  generation: Generation,
  pass: Pass,
  { checkpoint, calls, ...planned }: PlannedPass & Turn,
): Promise<Denoiser> {
  const { job } = generation
  const { model } = checkpoint
  const { controls } = planned
  const conditioningAt = await conditionPass(generation, pass, checkpoint)
  const network = patchNetwork(
    showReferences(model.predict, controls.references),
    listPassPatches(generation, pass, checkpoint),
  )
  const options: GuidanceOptions = {
    network: (inputs) => {
      const fitsLast = hasUnevenSides(inputs.latent, MAX_REDUCTION)
      return network({ ...inputs, wraps: job.tiling, fitsLast })
    },
    // A refiner is not guided: the networks belong to the checkpoint before it.
    conditioningAt: (call) => {
      const conditioning = conditioningAt(call + calls)
      planned.state.isPadded = conditioning.isPadded
      return checkpoint === pass.checkpoint ? guideConditioning(conditioning, controls) : conditioning
    },
    guidanceScale: pass.settings.guidanceScale,
    prediction: model.prediction,
    plan: planned.plan,
    skipsUnconditional: skipUnconditional(generation, pass, { ...planned, calls }),
  }
  const imageGuidanceScale = job.imageGuidanceScale ?? 1
  return model.inChannels === EDIT_CHANNELS && imageGuidanceScale !== 1
    ? createEditDenoiser({ ...options, imageGuidanceScale })
    : createGuidedDenoiser(options)
}

/** Encodes a pass's prompts for a checkpoint; gives what conditions each evaluation, counted from 0. */
async function conditionPass(
  generation: Generation,
  pass: Pass,
  checkpoint: UsableCheckpoint,
): ReturnType<typeof encodeConditioning> {
  const { settings } = pass
  const first = samplingOf(generation)
  return encodeConditioning(generation, {
    prompts: pass.prompts,
    checkpoint,
    loras: pass.loras,
    evaluations: countEvaluations(first.sampler, first.steps),
    hiresEvaluations: pass.isSecond ? countEvaluations(settings.sampler, settings.steps) : undefined,
    pixels: pass.pixels,
    concat: await readExtraChannels(generation, checkpoint, pass),
  })
}

/** Which evaluations leave the negative prompt out. A1111's samplers of timesteps compare those. */
function skipUnconditional(
  { events }: Generation,
  { settings }: Pass,
  { plan, extras, calls }: Pick<PlannedPass, 'plan' | 'extras'> & Pick<Turn, 'calls'>,
): NonNullable<GuidanceOptions['skipsUnconditional']> {
  const skips = createSkipRule({
    sigmaBelow: settings.sMinUncond,
    ...extras.skips,
    totalCalls: countEvaluations(settings.sampler, plan.sigmas.length - 1),
  })
  const measure = isTimestepSampler(settings.sampler) ? plan.timestepOf : (sigma: number) => sigma
  return (call, sigma) => {
    const reason = skips(call + calls, measure(sigma))
    if (reason === 'low-sigma') events.add(RunEvent.RUN_EVENT_NEGATIVE_SKIPPED)
    return reason !== undefined
  }
}
