import {
  ImageFormat,
  Job,
  ModelFile,
  ModelKind,
  NoiseSource,
  type GenerationJob,
  type JobEvent,
} from '@atelier/proto'
import sharp from 'sharp'
import type { EngineOutcome } from '../../engine-protocol.ts'
import { createEmbeddingReader } from '../embedding-reader.ts'
import type { JobContext } from '../job-context.ts'
import { ModelStore, type ModelStoreOptions } from '../models/model-store.ts'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'
import { runGeneration } from './run-generation.ts'

/** The tiny SD1 as a checkpoint. Test code. */
export const TINY = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny.safetensors', identity: 'tiny' }
/** The same file under another identity. */
export const TINY_AGAIN = { ...TINY, name: 'again.safetensors', identity: 'again' }

type Event = NonNullable<JobEvent['event']>

/** What a test may do while a job runs. */
export interface JobWatch {
  readonly inputs?: ReadonlyMap<string, Uint8Array>
  readonly onEvent?: (event: Event, control: { cancel(): void; skip(): void }) => void
}

/** Models of a test: the tiny checkpoint, and others beside it. */
export function openTestModels(
  more: readonly ModelFile[] = [],
  changes: Partial<ModelStoreOptions> = {},
): { models: ModelStore; texts: TextModels } {
  const models = new ModelStore({
    session: { device: 'cpu', threads: 1 },
    budgetBytes: 2 ** 30,
    maxBatchElements: 2 ** 20,
    onResidentsChanged: () => undefined,
    ...changes,
  })
  const path = unpackTinyCheckpoint()
  const files = [TINY, TINY_AGAIN].map((ref) => ModelFile.fromPartial({ ...ref, path }))
  models.setFiles([...files, ...more])
  return { models, texts: new TextModels(createEmbeddingReader(models)) }
}

/** What a test's job runs in. */
export function createTestContext(job: Job, { inputs = new Map(), onEvent }: JobWatch = {}): JobContext {
  const abort = new AbortController()
  let isSkipWanted = false
  const control = { cancel: () => abort.abort(), skip: () => (isSkipWanted = true) }
  return {
    ...{ job, inputs, cancelled: abort.signal },
    takeSkip: () => {
      const isWanted = isSkipWanted
      isSkipWanted = false
      return isWanted
    },
    finishPixels: (pixels) => pixels,
    tell: (event) => onEvent?.(event, control),
    sendEarly: () => undefined,
    allocate: async () => 1,
  }
}

/** Runs generation jobs until its models are let go. */
export interface GenerationKit {
  run(job: GenerationJob, watch?: JobWatch): Promise<EngineOutcome>
  close(): Promise<void>
}

/** Runs generation jobs with the tiny checkpoint and others beside it. */
export function openGenerationKit(...args: Parameters<typeof openTestModels>): GenerationKit {
  const { models, texts } = openTestModels(...args)
  const run: GenerationKit['run'] = (job, watch) =>
    runGeneration(job, createTestContext(Job.fromPartial({}), watch), { models, texts })
  return { run, close: () => models.clear() }
}

/** A small generation job. */
export function smallJob(changes: object = {}): GenerationJob {
  const value = {
    images: [{ prompt: 'a cat', negativePrompt: '', seed: 5n, infotext: 'told' }],
    ...{ batchSize: 1, width: 64, height: 64 },
    sampling: smallSampling(),
    text: { clipSkip: 1, emphasis: 'Original', commaPaddingBacktrack: 20 },
    noise: { source: NoiseSource.NOISE_SOURCE_CPU },
    checkpoint: TINY,
    output: { format: ImageFormat.IMAGE_FORMAT_PNG },
    ...changes,
  }
  const job = Job.fromPartial({ kind: { $case: 'generation', value } })
  if (job.kind?.$case !== 'generation') throw new Error('no generation job')
  return job.kind.value
}

/** Sampler settings of a few steps. */
export const smallSampling = (changes: object = {}) => ({
  ...{ sampler: 'euler', schedule: 'automatic', steps: 4, guidanceScale: 5 },
  ...changes,
})

/** The pixels of an outcome's file. */
export async function pixelsOf(
  outcome: EngineOutcome,
  index = 0,
): Promise<{ data: Buffer; width: number; height: number; channels: number }> {
  const { data, info } = await sharp(outcome.files[index]!.bytes).raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height, channels: info.channels }
}
