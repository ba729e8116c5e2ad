import { JobResult, type GenerationJob } from '@atelier/proto'
import type { EngineFile, EngineOutcome } from '../../engine-protocol.ts'
import { EngineError } from '../engine-error.ts'
import type { JobContext } from '../job-context.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { openEnlarger } from './enlarge.ts'
import { listMaps, prepareControls } from './controls/prepare-controls.ts'
import { encodeFile, finishPictures } from './finish-pictures.ts'
import {
  LATENT_PIXELS,
  required,
  samplingOf,
  type Batch,
  type Generation,
  type GenerationDeps,
} from './generation.ts'
import { HeldModels } from './held-models.ts'
import { prepareSources, repeatSources } from './prepare-sources.ts'
import { sampleStage } from './sample.ts'
import { sampleSecondPass } from './second-pass.ts'
import type { SourceStart } from './stage.ts'

/**
 * Runs a generation job: for each batch, encode the prompts, denoise in one pass or two, decode, encode pictures. A
 * cancelled job ends with what it has; a skipped batch ends with its present state and the next one goes on.
 */
export async function runGeneration(
  job: GenerationJob,
  context: JobContext,
  deps: GenerationDeps,
): Promise<EngineOutcome> {
  const batches = toBatches(job)
  context.tell({
    $case: 'jobStart',
    value: { cachedNodeIds: [], passCount: batches.length * countPasses(job) },
  })
  const models = new HeldModels(deps.models)
  try {
    const generation = await openGeneration(job, context, { models, texts: deps.texts })
    const files: EngineFile[] = []
    const imageIndexes: number[] = []
    for (const batch of batches) {
      if (context.cancelled.aborted) break
      files.push(...(await finishPictures(generation, batch, await sampleBatch(generation, batch))))
      imageIndexes.push(...batch.images.map((_, row) => batch.firstImage + row))
    }
    for (const map of listMaps(generation.controls))
      files.push(await encodeFile(map, required(job.output), []))
    const result = JobResult.fromPartial({ imageIndexes, remarks: [...models.remarks] })
    return { kind: context.cancelled.aborted ? 'interrupted' : 'done', result, files }
  } finally {
    models.release()
  }
}

function countPasses({ hires }: GenerationJob): number {
  return hires === undefined ? 1 : 2
}

/** Several sources make batches of their number, as many as were asked for (A1111 leaves the other images out). */
function toBatches(job: GenerationJob): Batch[] {
  const asked = Math.max(job.batchSize, 1)
  const sources = job.source?.images.length ?? 1
  const size = sources > 1 ? Math.min(sources, asked) : asked
  return Array.from({ length: Math.ceil(job.images.length / asked) }, (_, i) => ({
    images: job.images.slice(i * size, (i + 1) * size),
    firstImage: i * size,
    passIndex: i * countPasses(job),
  }))
}

async function openGeneration(
  job: GenerationJob,
  context: JobContext,
  { models, texts }: Pick<Generation, 'models' | 'texts'>,
): Promise<Generation> {
  const checkpoint = await models.checkpoint(job.checkpoint, job.loras)
  const vae = job.vae === undefined ? checkpoint.vae : await models.vae(job.vae)
  if (vae === undefined)
    throw new EngineError('unusable-model', `${job.checkpoint?.name} has no VAE; choose a separate one`)
  const format = checkpoint.model.latents
  const enlarge = await openEnlarger(job.source?.upscaler, models)
  const sources = await prepareSources(job, { vae, format, inputs: context.inputs, enlarge })
  const controls = await prepareControls(job, { models, inputs: context.inputs })
  return { job, context, texts, models, checkpoint, vae, sources, controls }
}

async function sampleBatch(generation: Generation, batch: Batch): Promise<Tensor> {
  const { job, context } = generation
  const first = await sampleStage(generation, batch, {
    settings: samplingOf(generation),
    size: {
      width: Math.floor(job.width / LATENT_PIXELS),
      height: Math.floor(job.height / LATENT_PIXELS),
    },
    pixels: { width: job.width, height: job.height },
    prompts: batch.images,
    checkpoint: generation.checkpoint,
    loras: job.loras,
    hypernetworks: job.hypernetworks,
    isSecond: false,
    start: toStart(generation, batch),
  })
  if (job.hires === undefined || context.cancelled.aborted) return first.latent
  const second = { ...batch, passIndex: batch.passIndex + 1 }
  return sampleSecondPass(generation, second, first, job.hires)
}

function toStart({ job, sources }: Generation, { images }: Batch): SourceStart | undefined {
  const { source } = job
  if (source === undefined || sources === undefined) return undefined
  return {
    latent: repeatSources(sources, images.length),
    strength: source.strength,
    runsAllSteps: source.runAllSteps,
    noiseFactor: source.noiseMultiplier ?? 1,
    mask: sources.mask,
    pictures: sources.pictures.map(({ picture }) => picture),
    pixelMask: sources.pixelMask,
    roundsMask: source.mask?.round ?? true,
  }
}
