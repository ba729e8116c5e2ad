import { RunEvent, type SoftInpainting } from '@atelier/proto'
import { scale } from '../denoise/combine.ts'
import { blend, createWebuiKeepingDenoiser, spreadMask } from '../denoise/keep-latent.ts'
import { createWebuiNoise } from '../denoise/noise/sampler-noise.ts'
import type { SamplingPlan } from '../denoise/plan.ts'
import { runSampling, type SamplingResult } from '../denoise/run-sampling.ts'
import type { Denoiser } from '../denoise/sampler.ts'
import { blendSoftly } from '../denoise/soft-blend.ts'
import { parseWebuiExtras } from '../denoise/webui-extras.ts'
import { toNoiseKind } from '../generation-settings.ts'
import { toVaeLatent } from '../models/latent-format.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import { createPreviewer, type Previewer } from '../preview/previewer.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { guidePass } from './controls/guide-pass.ts'
import { decodeNoise } from './decode-noise.ts'
import type { Batch, Generation } from './generation.ts'
import {
  createCheckpointDenoiser,
  createPassDenoiser,
  type PassState,
  type PlannedPass,
} from './pass-denoiser.ts'
import type { Pass, SourceStart } from './pass.ts'
import { createPassNoise, planPass, toOptions } from './plan-pass.ts'
import { tellStart, tellStep } from './tell-progress.ts'

/** What a pass made, and the checkpoint in use at its end: the pass's, or the refiner that took over. */
export interface PassResult extends SamplingResult {
  readonly checkpoint: UsableCheckpoint
}

/** Runs one pass over a batch, to its clean latent. */
export async function samplePass(generation: Generation, batch: Batch, pass: Pass): Promise<PassResult> {
  const { job, context } = generation
  const { settings, size, start } = pass
  const extras = parseWebuiExtras(settings.extraOptionsJson)
  const plan = planPass(pass, extras)
  const shape = [4, size.height, size.width] as const
  const noise = createPassNoise(generation, batch, shape)
  const startNoise = noise.next()
  const mask = start?.mask && spreadMask(start.mask, start.latent.shape)
  tellStart(generation, batch, settings.steps)
  const progress = { stepsTold: 0, totalSteps: plan.sigmas.length - 1 }
  const controls = await guidePass(generation, { batch, isSecond: pass.isSecond }, progress)
  const state: PassState = { isPadded: false, checkpoint: pass.checkpoint }
  const planned: PlannedPass = { plan, extras, controls, state }
  const denoise = await createPassDenoiser(generation, pass, planned)
  const previewer = createPassPreviewer(generation, pass)
  const sampled = await runSampling({
    plan,
    denoise: keepUnmasked(denoise, { start, mask, plan }),
    noise: createWebuiNoise(noise, {
      kind: toNoiseKind(job.noise),
      seeds: batch.images.map(({ seed }) => seed),
      shape: [batch.images.length, ...shape],
      range: plan.brownianRange,
    }),
    startNoise: await findStartNoise(generation, pass, { ...planned, drawn: startNoise }),
    source: start?.latent,
    options: toOptions(settings),
    isStopped: () => pass.isSkipped === true || context.cancelled.aborted || context.takeSkip(),
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
  pass: Pass,
  { drawn, ...planned }: PlannedPass & { readonly drawn: Tensor },
): Promise<Tensor> {
  const { start } = pass
  const settings = start?.decodedNoise
  if (start === undefined || settings === undefined)
    return start === undefined || start.noiseFactor === 1 ? drawn : scale(start.noiseFactor, drawn)
  const { prompt, negativePrompt, guidanceScale, steps } = settings
  const back: Pass = {
    ...pass,
    settings: { ...pass.settings, sampler: 'euler', schedule: 'uniform', steps, guidanceScale },
    prompts: pass.prompts.map(() => ({ prompt, negativePrompt })),
    start: undefined,
  }
  const plan = planPass(back, planned.extras)
  const checkpoint = pass.checkpoint
  const denoise = await createCheckpointDenoiser(generation, back, { ...planned, plan, checkpoint, calls: 0 })
  const isStopped = () => generation.context.cancelled.aborted
  return decodeNoise(start.latent, drawn, {
    settings,
    denoise,
    sigmas: [...plan.sigmas].reverse(),
    isStopped,
  })
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

function createPassPreviewer({ context, models, vae, job }: Generation, { checkpoint }: Pass): Previewer {
  const { model } = checkpoint
  return createPreviewer(context.job.preview, {
    models,
    model,
    decodeWhole: (latent) => vae.decode(toVaeLatent(latent, model.latents), job.tiling),
  })
}
