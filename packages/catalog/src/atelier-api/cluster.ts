import { z } from 'zod'

const bytes = z.number().int().nonnegative()
const time = z.number().int().nonnegative()

/** A worker as operators see it. */
export const workerSchema = z.object({
  id: z.string(),
  version: z.string().describe('of its program; empty: not told'),
  state: z
    .enum(['ready', 'starting', 'draining'])
    .describe('starting: its engine is not up; draining: it takes no new jobs'),
  started_at_ms: time.describe('milliseconds since 1970 UTC'),
  device: z.object({
    name: z.string().describe('"cpu", "cuda:0"'),
    title: z.string().describe('as a person names it'),
    memory_total_bytes: bytes.describe("the device's own memory; 0: it has none of its own"),
    memory_free_bytes: bytes,
    host_total_bytes: bytes.describe("the machine's memory"),
    host_free_bytes: bytes,
  }),
  slots: z.number().int().nonnegative().describe('jobs it runs at once'),
  running: z.number().int().nonnegative().describe('jobs it runs now, of every tenant'),
  loaded: z.array(z.string()).describe('names of the model files now loaded'),
  models: z.number().int().nonnegative().describe('model files it sees and can use'),
  unusable_models: z.number().int().nonnegative().describe('model files it sees and cannot use'),
  engine_restarts: z.number().int().nonnegative(),
})

/** GET /atelier/v1/workers. */
export const workerListSchema = z.object({ workers: z.array(workerSchema) })

/** Kinds of model files as this API names them. */
export const MODEL_KIND_NAMES = [
  'checkpoint',
  'vae',
  'lora',
  'embedding',
  'control-net',
  'upscaler',
  'text-encoder',
  'denoiser',
  'tiny-vae',
  'clip-vision',
  'style-model',
  'gligen',
  'hypernetwork',
  'photomaker',
  'diffusers-folder',
  'preprocessor',
] as const

/** A model file, as the workers that see it describe it. */
export const modelSchema = z.object({
  kind: z.enum(MODEL_KIND_NAMES),
  name: z.string().describe('path below its folder'),
  family: z.string().describe('model family or architecture; empty: it does not apply'),
  title: z.string().describe("the file's own title (modelspec.title); empty: it has none"),
  resolution: z
    .string()
    .describe('the size it was trained at ("512x512"), as the file tells it; empty: not told'),
  size_bytes: bytes,
  modified_at_ms: time.describe('milliseconds since 1970 UTC'),
  sha256: z.string().describe('of the whole file; empty until it has been computed'),
  unusable_reason: z.string().describe('why it cannot be used; empty: it can'),
  workers: z.array(z.string()).describe('ids of the workers that see it'),
  loaded_on: z.array(z.string()).describe('ids of those that have it loaded'),
})

/** GET /atelier/v1/models. */
export const modelListSchema = z.object({ models: z.array(modelSchema) })

/** GET /atelier/v1/session: open to everyone, so that a page can ask for what is missing. */
export const sessionSchema = z.object({
  authentication: z
    .enum(['none', 'key', 'password'])
    .describe('what requests must carry: nothing, an API key, or user and password'),
  tenant: z.string().nullable().describe('who the credentials of this request stand for; null: nobody'),
  version: z.string().describe('of the gateway'),
})

/** A worker. */
export type WorkerBody = z.infer<typeof workerSchema>
/** The workers. */
export type WorkerList = z.infer<typeof workerListSchema>
/** A model file. */
export type ModelBody = z.infer<typeof modelSchema>
/** The model files. */
export type ModelList = z.infer<typeof modelListSchema>
/** Who asks, and what must be carried. */
export type Session = z.infer<typeof sessionSchema>
