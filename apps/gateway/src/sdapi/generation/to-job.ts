import {
  Job,
  Surface,
  type GenerationJob,
  type ImagePlan,
  type ModelRef,
  type OutputSettings,
} from '@atelier/proto'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import { findEmbeddings, listEmbeddings } from '../lists/embeddings.ts'
import { toControls } from '../control/to-controls.ts'
import { promptsOf, type GenerationPlan } from './generation-plan.ts'
import { toHyperTile } from './hyper-tile.ts'
import { toHires, toRefiner } from './hires-plan.ts'
import type { PlacedPictures } from './placed-pictures.ts'
import { toModelConditions } from './model-conditions.ts'
import { listParameters } from '../parameters/list-parameters.ts'
import { listToldEvents, type Parameter } from '../parameters/parameter.ts'
import { toSurfaceNote, type Echo } from '../answer/surface-note.ts'
import { toTinyAutoencoder } from './tiny-autoencoder.ts'
import { limitRatio, tokenMergingRatios } from './token-merging.ts'
import { toHypernetworks } from './to-hypernetworks.ts'
import { toLoras } from './to-loras.ts'
import { listAsides, toOutput } from './to-output.ts'
import { toPreview } from './to-preview.ts'
import { toNoise, toSampling } from './to-sampling.ts'
import { toSource } from './to-source.ts'
import { toText } from './to-text.ts'
import { writeInfotext } from '../infotext/write-infotext.ts'

/** Who asks, and under which ids. */
export interface JobIdentity {
  readonly id: string
  readonly publicId: string
  readonly requestDigest: string
  readonly tenant: string
  readonly now: number
}

/** Pictures of a request, and the request itself. */
export interface StoredPictures extends PlacedPictures {
  /** The request, for whoever asks for the job's answer later. */
  readonly echo: Echo
}

/**
 * Writes the job of a plan.
 * @throws ApiError for an image format that cannot be written
 */
export function toJob(
  plan: GenerationPlan,
  pictures: StoredPictures,
  models: ModelIndex,
  identity: JobIdentity,
): Job {
  const { now, ...ids } = identity
  const parameters = listParameters(plan, models)
  const generation = toGeneration(plan, pictures, models, parameters)
  return Job.fromPartial({
    ...ids,
    surface: Surface.SURFACE_SDAPI,
    submittedAtMs: now,
    models: listFiles(generation),
    preview: toPreview(plan.options, plan.batchSize),
    kind: { $case: 'generation', value: generation },
    surfaceNote: toSurfaceNote(plan, parameters, pictures.echo),
  })
}

/** The model files of a generation, its checkpoint first. */
export function listFiles({ checkpoint, vae, loras, embeddings, ...generation }: GenerationJob): ModelRef[] {
  const files = [
    checkpoint,
    ...[vae, generation.tinyEncoder, generation.tinyDecoder],
    ...[generation.refiner?.checkpoint, generation.hires?.checkpoint],
    ...[generation.hires?.upscaler?.model, generation.source?.upscaler?.model],
    ...[...loras, ...(generation.hires?.loras ?? [])].map(({ file }) => file),
    ...[...generation.hypernetworks, ...(generation.hires?.hypernetworks ?? [])].map(({ file }) => file),
    ...embeddings,
    ...generation.controls.flatMap(({ model, preprocessing }) => [
      model,
      preprocessing?.network,
      preprocessing?.detector,
    ]),
  ]
  return files.filter((file) => file !== undefined)
}

/**
 * Writes the generation of a plan.
 * @throws ApiError for an image format that cannot be written
 */
export function toGeneration(
  plan: GenerationPlan,
  pictures: PlacedPictures,
  models: ModelIndex,
  parameters: readonly Parameter[],
): GenerationJob {
  const { options, vae } = plan
  return {
    images: toImages(plan, parameters),
    batchSize: plan.batchSize,
    width: plan.width,
    height: plan.height,
    sampling: {
      ...toSampling(plan, plan.sampling, plan.steps),
      tokenMergingRatio: limitRatio(tokenMergingRatios(plan).first),
    },
    text: toText(plan),
    noise: toNoise(plan),
    source: toSource(plan, pictures, models),
    checkpoint: toModelRef(plan.checkpoint),
    vae: vae && toModelRef(vae),
    ...toTinyAutoencoder(plan, models),
    output: toPlannedOutput(plan),
    tiling: plan.tiles,
    loras: toLoras(plan, models),
    hypernetworks: toHypernetworks(plan, models),
    embeddings: toEmbeddings(plan, models),
    hires: toHires(plan, models, (sampling, steps) => toSampling(plan, sampling, steps)),
    refiner: toRefiner(plan, models),
    ...toModelConditions(plan),
    hyperTile: toHyperTile(plan),
    controls: toControls(pictures.controls ?? [], options, seedOfLots(plan)),
    toldEvents: listToldEvents(parameters),
  }
}

function toImages(plan: GenerationPlan, parameters: readonly Parameter[]): ImagePlan[] {
  return plan.seeds.map((seed, index) => ({
    prompt: promptsOf(plan, index).prompt,
    negativePrompt: promptsOf(plan, index).negativePrompt,
    // Torch reads a negative seed as its two's complement.
    seed: BigInt.asUintN(64, seed),
    subseed: BigInt.asUintN(64, plan.subseeds[index] ?? 0n),
    infotext: writeInfotext(plan, parameters, index),
  }))
}

/** Pictures are encoded after the request's options have been taken back, but carry metadata as those say. */
function toPlannedOutput({ request, options, ownOptions }: GenerationPlan): OutputSettings {
  const encoding = request.flag('override_settings_restore_afterwards') ? ownOptions : options
  return { ...toOutput(options, encoding), asides: listAsides(options, request.flag('save_images')) }
}

/** Seed and variation seed of the first image, as the ControlNet extension seeds what draws lots. */
function seedOfLots({ request, seeds }: GenerationPlan): bigint {
  const [first = 0n] = seeds
  const settle = (name: string) => {
    const asked = request.integer(name) ?? -1n
    return asked === -1n ? first : asked < 0n ? 0n : asked
  }
  return settle('seed') + settle('subseed')
}

/** Embeddings that stand in the prompts; the engine, which knows tokens, has the last word. */
function toEmbeddings(plan: GenerationPlan, models: ModelIndex): ModelRef[] {
  const { loaded } = listEmbeddings(models, plan.checkpoint)
  return findEmbeddings(loaded, listPrompts(plan).join(' ')).map(toModelRef)
}

function listPrompts(plan: GenerationPlan): string[] {
  const own = [plan, ...(plan.imagePrompts ?? [])].flatMap((one) => [one.prompt, one.negativePrompt])
  return plan.request.flag('enable_hr') ? [...own, plan.hiresPrompt, plan.hiresNegativePrompt] : own
}
