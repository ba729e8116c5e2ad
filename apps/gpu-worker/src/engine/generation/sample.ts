import { RunEvent, type SamplingSettings, type SoftInpainting } from '@atelier/proto'
import { createEditDenoiser } from '../denoise/edit-guidance.ts'
import { createGuidedDenoiser, type GuidanceOptions } from '../denoise/guidance.ts'
import { blend, createWebuiKeepingDenoiser, spreadMask } from '../denoise/keep-latent.ts'
import { changeSchedule } from '../denoise/model-sampling.ts'
import { ImageNoise } from '../denoise/noise/image-noise.ts'
import { createWebuiNoise } from '../denoise/noise/sampler-noise.ts'
import { isTimestepSampler, planWebui, toWebuiSamplerOptions } from '../denoise/plan-webui.ts'
import type { SamplingPlan } from '../denoise/plan.ts'
import { runSampling, type SamplingResult } from '../denoise/run-sampling.ts'
import type { Denoiser, SamplerOptions } from '../denoise/sampler.ts'
import { scale } from '../denoise/combine.ts'
import { createPreviewer, type Previewer } from '../preview/previewer.ts'
import { toVaeLatent } from '../models/latent-format.ts'
import { blendSoftly } from '../denoise/soft-blend.ts'
import { createSkipRule } from '../denoise/skip-unconditional.ts'
import { parseWebuiExtras, type WebuiExtras } from '../denoise/webui-extras.ts'
import { toNoiseKind } from '../generation-settings.ts'
import type { UsableCheckpoint } from '../models/model-store.ts'
import { hasUnevenSides, type Tensor } from '../tensor/tensor.ts'
import { patchNetwork } from '../denoise/inside/patch-network.ts'
import { encodeConditioning } from './condition.ts'
import { listStagePatches } from './stage-patches.ts'
import { guideConditioning, guideStage, type StageControls } from './controls/guide-stage.ts'
import { showReferences } from './controls/references.ts'
import { decodeNoise } from './decode-noise.ts'
import { EDIT_CHANNELS, readExtraChannels } from './extra-channels.ts'
import { countEvaluations, samplingOf, type Batch, type Generation } from './generation.ts'
import { LATENT_PIXELS } from './latent-size.ts'
import { findRefiner, refineDenoiser } from './refine.ts'
import type { SourceStart, Stage } from './stage.ts'
import { tellStart, tellStep } from './tell-progress.ts'

/**
 * How often a latent's side is halved on the way down, as a factor: SD1's and SD2's; SDXL's is 4. Of sizes that are no
 * multiple of it the model's own reduction decides.
 */
const MAX_REDUCTION = 8

/** What a stage made, and the checkpoint in use at its end: the stage's, or the refiner that took over. */
export interface StageResult extends SamplingResult {
  readonly checkpoint: UsableCheckpoint
}

/** Runs one stage over a batch, to its clean latent. */
export async function sampleStage(generation: Generation, batch: Batch, stage: Stage): Promise<StageResult> {
  const { job, context } = generation
  const { settings, size, start } = stage
  const extras = parseWebuiExtras(settings.extraOptionsJson)
  const plan = planStage(stage, extras)
  const shape = [4, size.height, size.width] as const
  const noise = createStageNoise(generation, batch, shape)
  const startNoise = noise.next()
  const mask = start?.mask && spreadMask(start.mask, start.latent.shape)
  tellStart(generation, batch, settings.steps)
  const progress = { stepsTold: 0, totalSteps: plan.sigmas.length - 1 }
  const controls = await guideStage(generation, { batch, isSecond: stage.isSecond }, progress)
  const state: StageState = { isPadded: false, checkpoint: stage.checkpoint }
  const denoise = await createStageDenoiser(generation, stage, { plan, extras, controls, state })
  const previewer = createStagePreviewer(generation, stage)
  const sampled = await runSampling({
    plan,
    denoise: keepUnmasked(denoise, { start, mask, plan }),
    noise: createWebuiNoise(noise, {
      kind: toNoiseKind(job.noise),
      seeds: batch.images.map(({ seed }) => seed),
      shape: [batch.images.length, ...shape],
      range: plan.brownianRange,
    }),
    startNoise: await findStartNoise(generation, stage, {
      ...{ plan, extras, controls, state },
      drawn: startNoise,
    }),
    source: start?.latent,
    options: toOptions(settings),
    isStopped: () => stage.isSkipped === true || context.cancelled.aborted || context.takeSkip(),
    onStep: (report) => {
      progress.stepsTold = report.step
      return tellStep(generation, batch, { ...report, previewer })
    },
  })
  const result = { ...sampled, checkpoint: state.checkpoint }
  if (state.isPadded) generation.events.add(RunEvent.RUN_EVENT_PADDED)
  // Soft inpainting lays back pixels, not latents.
  if (mask === undefined || start === undefined || start.soft !== undefined) return result
  return { ...result, latent: blend(result.latent, start.latent, mask) }
}

/** The noise a run starts from: drawn, or found by walking backwards from the source. */
async function findStartNoise(
  generation: Generation,
  stage: Stage,
  { drawn, ...planned }: Planned & { readonly drawn: Tensor },
): Promise<Tensor> {
  const { start } = stage
  const settings = start?.decodedNoise
  if (start === undefined || settings === undefined)
    return start === undefined || start.noiseFactor === 1 ? drawn : scale(start.noiseFactor, drawn)
  const { prompt, negativePrompt, guidanceScale, steps } = settings
  const back: Stage = {
    ...stage,
    settings: { ...stage.settings, sampler: 'euler', schedule: 'uniform', steps, guidanceScale },
    prompts: stage.prompts.map(() => ({ prompt, negativePrompt })),
    start: undefined,
  }
  const plan = planStage(back, planned.extras)
  const checkpoint = stage.checkpoint
  const denoise = await createCheckpointDenoiser(generation, back, { ...planned, plan, checkpoint, calls: 0 })
  const isStopped = () => generation.context.cancelled.aborted
  return decodeNoise(start.latent, drawn, {
    settings,
    denoise,
    sigmas: [...plan.sigmas].reverse(),
    isStopped,
  })
}

interface Planned {
  readonly plan: SamplingPlan
  readonly extras: WebuiExtras
  readonly controls: StageControls
  readonly state: StageState
}

/** What changes while a stage runs. */
interface StageState {
  /** Whether the last evaluation's prompts were padded. */
  isPadded: boolean
  /** The checkpoint in use. */
  checkpoint: UsableCheckpoint
}

async function createStageDenoiser(
  generation: Generation,
  stage: Stage,
  planned: Planned,
): Promise<Denoiser> {
  const base = await createCheckpointDenoiser(generation, stage, {
    ...planned,
    checkpoint: stage.checkpoint,
    calls: 0,
  })
  const refiner = findRefiner(generation, stage)
  if (refiner === undefined) return base
  return refineDenoiser(base, {
    refiner,
    plan: planned.plan,
    sigmas: stage.checkpoint.model.sampling.sigmas,
    totalCalls: countEvaluations(stage.settings.sampler, planned.plan.sigmas.length - 1),
    takeOver: async (calls) => {
      generation.events.add(RunEvent.RUN_EVENT_REFINED)
      const checkpoint = await generation.models.checkpoint(refiner.checkpoint, stage.loras)
      planned.state.checkpoint = checkpoint
      return createCheckpointDenoiser(generation, stage, { ...planned, checkpoint, calls })
    },
  })
}

/** A denoiser with a checkpoint's networks that goes on after a number of evaluations. */
async function createCheckpointDenoiser(
  generation: Generation,
  stage: Stage,
  {
    plan,
    extras,
    controls,
    state,
    checkpoint,
    calls,
  }: Planned & { checkpoint: UsableCheckpoint; calls: number },
): Promise<Denoiser> {
  const { settings } = stage
  const first = samplingOf(generation)
  const conditioningAt = await encodeConditioning(generation, {
    prompts: stage.prompts,
    checkpoint,
    loras: stage.loras,
    evaluations: countEvaluations(first.sampler, first.steps),
    hiresEvaluations: stage.isSecond ? countEvaluations(settings.sampler, settings.steps) : undefined,
    pixels: stage.pixels,
    concat: await readExtraChannels(generation, checkpoint, stage),
  })
  const skips = createSkipRule({
    sigmaBelow: settings.sMinUncond,
    ...extras.skips,
    totalCalls: countEvaluations(settings.sampler, plan.sigmas.length - 1),
  })
  const { job } = generation
  const { model } = checkpoint
  const network = patchNetwork(
    showReferences(model.predict, controls.references),
    listStagePatches(stage, generation.models),
  )
  const options: GuidanceOptions = {
    network: (inputs) => {
      const fitsLast = hasUnevenSides(inputs.latent, MAX_REDUCTION)
      return network({ ...inputs, wraps: job.tiling, fitsLast })
    },
    // A refiner is not guided: the networks belong to the checkpoint before it.
    conditioningAt: (call) => {
      const conditioning = conditioningAt(call + calls)
      state.isPadded = conditioning.isPadded
      return checkpoint === stage.checkpoint ? guideConditioning(conditioning, controls) : conditioning
    },
    guidanceScale: settings.guidanceScale,
    prediction: model.prediction,
    plan,
    // A1111's samplers of timesteps compare those.
    skipsUnconditional: (call, sigma) => {
      const reason = skips(call + calls, isTimestepSampler(settings.sampler) ? plan.timestepOf(sigma) : sigma)
      if (reason === 'low-sigma') generation.events.add(RunEvent.RUN_EVENT_NEGATIVE_SKIPPED)
      return reason !== undefined
    },
  }
  const imageGuidanceScale = job.imageGuidanceScale ?? 1
  return model.inChannels === EDIT_CHANNELS && imageGuidanceScale !== 1
    ? createEditDenoiser({ ...options, imageGuidanceScale })
    : createGuidedDenoiser(options)
}

function keepUnmasked(
  denoise: Denoiser,
  { start, mask, plan }: { start: SourceStart | undefined; mask: Tensor | undefined; plan: SamplingPlan },
): Denoiser {
  if (start === undefined || mask === undefined) return denoise
  return createWebuiKeepingDenoiser(denoise, {
    mask,
    source: start.latent,
    blendsInput: plan.keepsNoise === true,
    blendAt: start.soft && blendSoftlyWith(start.soft, mask, plan),
  })
}

/** Timestep samplers blend by their timesteps where others do by sigmas (A1111). */
function blendSoftlyWith(
  settings: SoftInpainting,
  mask: Tensor,
  plan: SamplingPlan,
): (drawn: Tensor, kept: Tensor, sigma: number) => Tensor {
  const measure = plan.keepsNoise === true ? plan.timestepOf : (sigma: number) => sigma
  return (drawn, kept, sigma) => blendSoftly(drawn, kept, { mask, sigma: measure(sigma), settings })
}

function planStage({ settings, start, checkpoint }: Stage, extras: WebuiExtras): SamplingPlan {
  return planWebui({
    ...extras.sampling,
    sampler: settings.sampler,
    schedule: settings.schedule,
    steps: settings.steps,
    strength: start?.strength,
    runsAllSteps: start?.runsAllSteps ?? false,
    sigmaMin: settings.sigmaMin,
    sigmaMax: settings.sigmaMax,
    rho: settings.rho,
    alwaysDiscardsPenultimate: settings.alwaysDiscardPenultimate,
    isSdxl: checkpoint.model.family === 'sdxl',
    ownScheduler: checkpoint.model.scheduler,
    model: changeSchedule(checkpoint.model.sampling, extras.schedule),
  })
}

function toOptions(settings: SamplingSettings): SamplerOptions {
  return toWebuiSamplerOptions(settings.sampler, {
    eta: settings.eta,
    sNoise: settings.sNoise ?? 1,
    sChurn: settings.sChurn,
    sTmin: settings.sTmin,
    sTmax: settings.sTmax || Infinity,
  })
}

function createStageNoise(
  { job }: Generation,
  { images }: Batch,
  shape: readonly [number, number, number],
): ImageNoise {
  const { seedResizeHeight = 0, seedResizeWidth = 0, subseedStrength = 0, etaSeedDelta = 0 } = job.noise ?? {}
  const isResized = seedResizeHeight > 0 && seedResizeWidth > 0
  const toLatent = (size: number) => Math.floor(size / LATENT_PIXELS)
  return new ImageNoise({
    kind: toNoiseKind(job.noise),
    shape,
    seeds: images.map(({ seed }) => seed),
    subseeds: images.map(({ subseed }) => subseed),
    subseedStrength,
    ...(isResized
      ? { resizeFrom: { height: toLatent(seedResizeHeight), width: toLatent(seedResizeWidth) } }
      : {}),
    etaSeedDelta: BigInt(etaSeedDelta),
  })
}

function createStagePreviewer({ context, models, vae, job }: Generation, { checkpoint }: Stage): Previewer {
  const { model } = checkpoint
  return createPreviewer(context.job.preview, {
    models,
    model,
    decodeWhole: (latent) => vae.decode(toVaeLatent(latent, model.latents), job.tiling),
  })
}
