import type { GenerationJob, ImagePlan, RunEvent, SamplingSettings } from '@atelier/proto'
import { findWebuiSampler } from '@atelier/catalog'
import { EngineError } from '../engine-error.ts'
import type { JobContext } from '../job-context.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import type { ModelStore } from '../models/model-store.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import type { WebuiHyperTile } from '../network-patches/webui-hyper-tile.ts'
import type { TextModels } from '../text-models.ts'
import type { PreparedUnit } from './controls/prepare-controls.ts'
import type { HeldModels } from './held-models.ts'
import type { PreparedSources } from './prepare-sources.ts'

/** What generation jobs are run with. */
export interface GenerationDeps {
  readonly models: ModelStore
  readonly texts: TextModels
}

/** What tiny autoencoders do in place of the whole one. */
export type TinyHalves = Partial<Pick<LoadedVae, 'encode' | 'decode'>>

/** A generation job while it runs. */
export interface Generation {
  readonly job: GenerationJob
  readonly context: JobContext
  readonly texts: TextModels
  /** Owns the models in use until the job ends. */
  readonly models: HeldModels
  readonly checkpoint: UsableCheckpoint
  /** The whole autoencoder. */
  readonly vae: LoadedVae
  /** Halves of a tiny one that the job asks for in its place. */
  readonly tiny: TinyHalves
  /** Absent for text to image. */
  readonly sources: PreparedSources | undefined
  /** Cuts attentions into tiles; absent: none are cut. */
  readonly hyperTile?: WebuiHyperTile | undefined
  /** ControlNets and adapters with their pictures. */
  readonly controls: readonly PreparedUnit[]
  /** What the run has come upon, in order. */
  readonly events: Set<RunEvent>
}

/**
 * A generation as it goes on after a checkpoint took over: pictures are decoded with that one's VAE, where the job names
 * none for all (A1111).
 */
export function withCheckpoint(generation: Generation, checkpoint: UsableCheckpoint): Generation {
  const own = generation.job.vae === undefined ? checkpoint.vae : undefined
  return { ...generation, checkpoint, vae: own ?? generation.vae }
}

/** What encodes pictures to be sampled and decodes what was sampled. */
export function coderOf({ vae, tiny }: Pick<Generation, 'vae' | 'tiny'>): LoadedVae {
  return { ...vae, ...tiny }
}

/** Images that are sampled together, and which of the job's passes that is, for its progress. */
export interface Batch {
  readonly images: readonly ImagePlan[]
  /** Index of the first one among the job's images. */
  readonly firstImage: number
  readonly passIndex: number
}

/** Size of a latent. */
export interface LatentSize {
  readonly width: number
  readonly height: number
}

/** Evaluations A1111 counts in a run. */
export function countEvaluations(sampler: string, steps: number): number {
  return findWebuiSampler(sampler)?.isSecondOrder === true ? 2 * steps : steps
}

/** A job's part that must be there. */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new EngineError('invalid-request', 'the job lacks a required part')
  return value
}

/** The first pass's sampler settings. */
export function samplingOf({ job }: Generation): SamplingSettings {
  return required(job.sampling)
}
