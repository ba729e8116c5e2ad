import type { PreviewSettings } from '@atelier/proto'
import {
  NamedFile,
  JobResult,
  type GenerationJob,
  type ImagePlan,
  type SamplingSettings,
} from '@atelier/proto'
import { findWebuiSampler } from '@atelier/catalog'
import type { EngineFile, EngineOutcome } from '../engine-protocol.ts'
import { toPixels } from './decode/pixels.ts'
import { createGuidedDenoiser, type BatchConditioning } from './denoise/guidance.ts'
import { createModelSampling } from './denoise/model-sampling.ts'
import { ImageNoise } from './denoise/noise/image-noise.ts'
import { createWebuiNoise } from './denoise/noise/sampler-noise.ts'
import type { SamplingPlan } from './denoise/plan.ts'
import { planWebui, toWebuiSamplerOptions } from './denoise/plan-webui.ts'
import { runSampling, type SamplingResult } from './denoise/run-sampling.ts'
import { createSkipRule } from './denoise/skip-unconditional.ts'
import { parseWebuiExtras, type WebuiExtras } from './denoise/webui-extras.ts'
import { scale, sliceRows } from './denoise/combine.ts'
import { EngineError } from './engine-error.ts'
import { encodeImage } from './image/encode-image.ts'
import type { JobContext } from './job-context.ts'
import type { LoadedVae } from './models/loaded-model.ts'
import type { ModelStore, UsableCheckpoint } from './models/model-store.ts'
import { makePreview, wantsPreview } from './preview/make-preview.ts'
import { encodeSource, type SourceLatents } from './source-image/encode-source.ts'
import { encodePrompts } from './text-encode/encode-prompts.ts'
import { findActiveEntry, selectConditioning } from './text-encode/conditioning.ts'
import { toNoiseKind, toTextSettings } from './generation-settings.ts'
import type { TextModels } from './text-models.ts'

/** Pixels of one latent pixel's side. */
const LATENT_PIXELS = 8

/** What generation jobs are run with. */
export interface GenerationDeps {
  readonly models: ModelStore
  readonly texts: TextModels
}

/**
 * Runs a generation job: for each pass, encode the prompts, denoise, decode, encode pictures. A cancelled job ends with
 * what it has; a skipped pass ends with its present state and the next one goes on.
 */
export async function runGeneration(
  job: GenerationJob,
  context: JobContext,
  deps: GenerationDeps,
): Promise<EngineOutcome> {
  const passes = toPasses(job)
  context.tell({ $case: 'jobStart', value: { cachedNodeIds: [], passCount: passes.length } })
  const checkpoint = await deps.models.useCheckpoint(job.checkpoint)
  const separateVae = job.vae === undefined ? undefined : await deps.models.useVae(job.vae)
  try {
    const vae = separateVae?.value ?? checkpoint.value.vae
    if (vae === undefined)
      throw new EngineError('unusable-model', `${job.checkpoint?.name} has no VAE; choose a separate one`)
    const source = await encodeSource(job, vae, context.inputs)
    const files: EngineFile[] = []
    for (const [passIndex, images] of passes.entries()) {
      if (context.cancelled.aborted) break
      const pass: Pass = {
        job,
        images,
        passIndex,
        source,
        context,
        texts: deps.texts,
        checkpoint: checkpoint.value,
      }
      const latent = await denoisePass(pass)
      files.push(...(await decodePass(latent, vae, pass)))
    }
    const imageIndexes = files.map((_, index) => index)
    const result = JobResult.fromPartial({ imageIndexes })
    return { kind: context.cancelled.aborted ? 'interrupted' : 'done', result, files }
  } finally {
    checkpoint.done()
    separateVae?.done()
  }
}

interface Pass {
  readonly job: GenerationJob
  readonly images: readonly ImagePlan[]
  readonly passIndex: number
  readonly source: SourceLatents | undefined
  readonly context: JobContext
  readonly texts: TextModels
  readonly checkpoint: UsableCheckpoint
}

function toPasses({ images, batchSize }: GenerationJob): ImagePlan[][] {
  const size = Math.max(batchSize, 1)
  return Array.from({ length: Math.ceil(images.length / size) }, (_, i) =>
    images.slice(i * size, (i + 1) * size),
  )
}

async function denoisePass(pass: Pass): Promise<SamplingResult['latent']> {
  const { job, images, checkpoint, context } = pass
  const sampling = required(job.sampling)
  const extras = parseWebuiExtras(sampling.extraOptionsJson)
  const plan = planGeneration(job, sampling, extras)
  const shape = [4, Math.floor(job.height / LATENT_PIXELS), Math.floor(job.width / LATENT_PIXELS)] as const
  const noise = createPassNoise(job, images, shape)
  const startNoise = noise.next()
  const factor = job.source?.noiseMultiplier ?? 1
  const { latent } = await runSampling({
    plan,
    denoise: createGuidedDenoiser({
      network: checkpoint.model.predict,
      conditioningAt: await encodeConditioning(pass),
      guidanceScale: sampling.guidanceScale,
      prediction: 'epsilon',
      plan,
      skipsUnconditional: createSkipRule({
        sigmaBelow: sampling.sMinUncond,
        ...extras.skips,
        totalCalls: countEvaluations(sampling.sampler, plan.sigmas.length - 1),
      }),
    }),
    noise: createWebuiNoise(noise, {
      kind: toNoiseKind(job.noise),
      seeds: images.map(({ seed }) => seed),
      shape: [images.length, ...shape],
      range: plan.brownianRange,
    }),
    startNoise: factor === 1 ? startNoise : scale(factor, startNoise),
    source: pass.source?.forImages(images.length),
    options: toWebuiSamplerOptions(sampling.sampler, {
      eta: sampling.eta,
      sNoise: sampling.sNoise ?? 1,
      sChurn: sampling.sChurn,
      sTmin: sampling.sTmin,
      sTmax: sampling.sTmax || Infinity,
    }),
    isStopped: () => context.cancelled.aborted || context.takeSkip(),
    onStep: (step) => tellStep(pass, step, plan),
  })
  return latent
}

/** Evaluations A1111 counts in a run. */
function countEvaluations(sampler: string, steps: number): number {
  return findWebuiSampler(sampler)?.isSecondOrder === true ? 2 * steps : steps
}

function planGeneration(job: GenerationJob, sampling: SamplingSettings, extras: WebuiExtras): SamplingPlan {
  return planWebui({
    ...extras.sampling,
    sampler: sampling.sampler,
    schedule: sampling.schedule,
    steps: sampling.steps,
    strength: job.source?.strength,
    runsAllSteps: job.source?.runAllSteps ?? false,
    sigmaMin: sampling.sigmaMin,
    sigmaMax: sampling.sigmaMax,
    rho: sampling.rho,
    alwaysDiscardsPenultimate: sampling.alwaysDiscardPenultimate,
    model: createModelSampling(),
  })
}

function createPassNoise(
  job: GenerationJob,
  images: readonly ImagePlan[],
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

async function encodeConditioning({
  job,
  images,
  checkpoint,
  texts,
  context,
}: Pass): Promise<(call: number) => BatchConditioning> {
  const sampling = required(job.sampling)
  const settings = toTextSettings(job.text, countEvaluations(sampling.sampler, sampling.steps))
  const model = texts.webui(checkpoint.model, job.embeddings)
  const encoded = await encodePrompts(images, model, settings, () => undefined)
  context.tell({
    $case: 'stepProgress',
    value: { step: 0, totalSteps: sampling.steps, passIndex: 0, nodeId: '' },
  })
  return (call) => ({
    positive: selectConditioning(
      encoded.map(({ positive }) => positive),
      call,
    ).map((parts) => parts.map(({ weight, conditioning }) => ({ weight, tokens: conditioning.tokens }))),
    negative: encoded.map(({ negative }) => [
      { weight: 1, tokens: negative[findActiveEntry(negative, call)]!.conditioning.tokens },
    ]),
  })
}

async function tellStep(
  { job, passIndex, context }: Pass,
  { step, totalSteps, denoised }: Parameters<Parameters<typeof runSampling>[0]['onStep']>[0],
  _plan: SamplingPlan,
): Promise<void> {
  context.tell({ $case: 'stepProgress', value: { step, totalSteps, passIndex, nodeId: '' } })
  const settings: PreviewSettings | undefined = context.job.preview
  if (job.images.length > 0 && wantsPreview(settings, step)) {
    context.tell({
      $case: 'previewReady',
      value: await makePreview(denoised, settings, { step, nodeId: '' }),
    })
  }
  // Messages (cancel, skip) are heard between steps only.
  await new Promise((resolve) => setImmediate(resolve))
}

async function decodePass(
  latent: SamplingResult['latent'],
  vae: LoadedVae,
  { job, images, context }: Pass,
): Promise<EngineFile[]> {
  const files: EngineFile[] = []
  const output = required(job.output)
  for (const [row, image] of images.entries()) {
    const decoded = await vae.decode(scale(1 / vae.scaleFactor, sliceRows(latent, row, row + 1)))
    if (decoded.data.some(Number.isNaN)) {
      throw new EngineError('not-a-number', 'A tensor with NaNs was produced in VAE.', {
        exceptionType: 'NansException',
      })
    }
    const pixels = context.finishPixels(toPixels(decoded))
    const texts =
      output.omitMetadata || image.infotext === '' ? [] : [{ keyword: 'parameters', text: image.infotext }]
    const encoded = await encodeImage(pixels, {
      format: output.format,
      isLossless: output.lossless,
      texts,
      ...(output.quality > 0 ? { quality: output.quality } : {}),
    })
    const file = NamedFile.fromPartial({ width: pixels.width, height: pixels.height })
    files.push({ file, bytes: encoded.bytes, mediaType: encoded.mediaType })
  }
  return files
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new EngineError('invalid-request', 'the job lacks a required part')
  return value
}
