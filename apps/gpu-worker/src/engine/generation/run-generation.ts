import { JobResult, type GenerationJob } from '@atelier/proto'
import type { EngineFile, EngineOutcome } from '../../engine-protocol.ts'
import { EngineError } from '../engine-error.ts'
import type { JobContext } from '../job-context.ts'
import type { LatentFormat } from '../models/latent-format.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { openEnlarger } from './enlarge.ts'
import { listMaps, prepareControls } from './controls/prepare-controls.ts'
import { decodeRow } from './decode.ts'
import { WebuiHyperTile } from '../network-patches/webui-hyper-tile.ts'
import { encodeAside, encodeFile, finishPictures, tellOf, wantsAside } from './finish-pictures.ts'
import {
  coderOf,
  required,
  samplingOf,
  withCheckpoint,
  type Batch,
  type Generation,
  type GenerationDeps,
  type TinyHalves,
} from './generation.ts'
import { LATENT_PIXELS } from './latent-size.ts'
import { HeldModels } from './held-models.ts'
import { prepareSources, repeatSources } from './prepare-sources.ts'
import { samplePass } from './sample-pass.ts'
import { sampleSecondPass } from './second-pass.ts'
import type { SourceStart } from './pass.ts'

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
    value: { cachedNodeIds: [], passCount: countAllPasses(job) },
  })
  const models = new HeldModels(deps.models)
  try {
    const generation = await openGeneration(job, context, { models, texts: deps.texts })
    const files: EngineFile[] = []
    const imageIndexes: number[] = []
    const infotexts: string[] = []
    for (const batch of batches) {
      if (context.cancelled.aborted) break
      const { latent, asides, checkpoint } = await sampleBatch(generation, batch)
      const ended = withCheckpoint(generation, checkpoint)
      files.push(...asides, ...(await finishPictures(ended, batch, latent)))
      imageIndexes.push(...batch.images.map((_, row) => batch.firstImage + row))
      infotexts.push(...batch.images.map((image) => tellOf(generation, image)))
    }
    for (const map of listMaps(generation.controls))
      files.push(await encodeFile(map, required(job.output), []))
    const result = JobResult.fromPartial({
      ...{ imageIndexes, infotexts, runEvents: [...generation.events] },
      remarks: [...models.remarks],
    })
    return { kind: context.cancelled.aborted ? 'interrupted' : 'done', result, files }
  } finally {
    models.release()
  }
}

/** Passes of a job: those of each batch, one batch after the other. */
export function countAllPasses(job: GenerationJob): number {
  return toBatches(job).length * countPasses(job)
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
  const tiny = await openTinyHalves(job, models, format)
  const coder = coderOf({ vae, tiny })
  const sources = await prepareSources(job, { vae: coder, format, inputs: context.inputs, enlarge })
  const controls = await prepareControls(job, { models, inputs: context.inputs })
  const hyperTile = openHyperTile(job)
  return {
    job,
    context,
    texts,
    models,
    checkpoint,
    vae,
    tiny,
    sources,
    controls,
    hyperTile,
    events: new Set(),
  }
}

function openHyperTile({ hyperTile, images, width, height }: GenerationJob): WebuiHyperTile | undefined {
  if (hyperTile === undefined) return undefined
  return new WebuiHyperTile(hyperTile, { seed: BigInt.asIntN(64, images[0]?.seed ?? 0n), width, height })
}

async function openTinyHalves(
  { tinyEncoder, tinyDecoder }: GenerationJob,
  models: HeldModels,
  format: LatentFormat,
): Promise<TinyHalves> {
  return {
    ...(tinyEncoder && { encode: await models.tinyEncoder(tinyEncoder, format) }),
    ...(tinyDecoder && { decode: await models.tinyDecoder(tinyDecoder, format) }),
  }
}

interface Sampled {
  readonly latent: Tensor
  /** What the first of two passes made, where that is kept. */
  readonly asides: readonly EngineFile[]
  /** The checkpoint in use at the end. */
  readonly checkpoint: UsableCheckpoint
}

async function sampleBatch(generation: Generation, batch: Batch): Promise<Sampled> {
  const { job, context } = generation
  const first = await samplePass(generation, batch, {
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
  if (job.hires === undefined || context.cancelled.aborted) return { ...first, asides: [] }
  const second = { ...batch, passIndex: batch.passIndex + 1 }
  const asides = await keepFirstPass(withCheckpoint(generation, first.checkpoint), batch, first.latent)
  return { ...(await sampleSecondPass(generation, second, first, job.hires)), asides }
}

async function keepFirstPass(generation: Generation, batch: Batch, latent: Tensor): Promise<EngineFile[]> {
  const name = 'before-highres-fix'
  if (!wantsAside(generation, name)) return []
  const output = required(generation.job.output)
  const files: EngineFile[] = []
  for (const [row, image] of batch.images.entries()) {
    const picture = await decodeRow(generation, latent, row)
    const infotext = tellOf(generation, image)
    files.push(await encodeAside({ name, picture }, { output, infotext, imageIndex: batch.firstImage + row }))
  }
  return files
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
    soft: source.mask?.soft,
    decodedNoise: source.decodedNoise,
  }
}
