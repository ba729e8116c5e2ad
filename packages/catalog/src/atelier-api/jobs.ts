import { z } from 'zod'

/** Times are milliseconds since 1970 UTC. */
const time = z.number().int().nonnegative()

/** How far a running job is. */
export const jobProgressSchema = z.object({
  step: z.number().int().nonnegative().describe('steps of the present pass that have ended'),
  total_steps: z.number().int().nonnegative().describe('steps of the present pass; 0: not known yet'),
  pass: z.number().int().nonnegative().describe('the present pass, from 0'),
  pass_count: z.number().int().nonnegative().describe('passes that follow each other; 0: not known'),
  share: z.number().min(0).max(1).describe('share of the job that is done, as far as it can be told'),
  seconds_left: z.number().nonnegative().nullable().describe('estimate from the time taken so far'),
  preview: z.number().int().nonnegative().describe('number of the newest preview; 0: none yet'),
})

/** States of a job that has not ended. */
export const OPEN_JOB_STATES = ['queued', 'running', 'cancelling'] as const
/** States of a job that has ended. */
export const ENDED_JOB_STATES = [
  'done',
  'failed',
  'interrupted',
  'cancelled',
  'expired',
  'rejected',
  'parked',
] as const

/** A job in a list: what it asks for in short, and where it stands. */
export const jobSummarySchema = z.object({
  id: z.string().describe("the gateway's id; part of the job's address"),
  public_id: z.string().describe('the id its client knows: task id, prompt id or idempotency key'),
  surface: z.enum(['sdapi', 'comfy']).describe('the API family it came through'),
  kind: z
    .enum(['text-to-image', 'image-to-image', 'script', 'upscale', 'control-map', 'node-graph'])
    .describe('what is asked for'),
  state: z.enum([...OPEN_JOB_STATES, ...ENDED_JOB_STATES]),
  attempt: z.number().int().nonnegative().describe('executions begun that were not handed back'),
  submitted_at_ms: time,
  started_at_ms: time.nullable(),
  ended_at_ms: time.nullable(),
  worker: z.string().nullable().describe('the worker that holds it'),
  checkpoint: z.string().nullable().describe('name of the checkpoint it needs; null: none is named'),
  prompt: z.string().describe('its first prompt, cut to 300 characters; empty: it has none'),
  steps: z.number().int().nonnegative().describe('sampler steps of a pass; 0: it has none'),
  width: z.number().int().nonnegative().describe('requested width, pixels; 0: not told'),
  height: z.number().int().nonnegative().describe('requested height, pixels; 0: not told'),
  wanted_images: z.number().int().nonnegative().describe('pictures asked for; 0: not told'),
  image_count: z.number().int().nonnegative().describe('pictures made; 0 until it has ended'),
  progress: jobProgressSchema.nullable().describe('null while it waits and when it has ended'),
  error: z
    .object({ code: z.string(), message: z.string(), retryable: z.boolean() })
    .nullable()
    .describe('why it failed or was parked'),
  remarks: z.array(z.string()).describe('remarks of the worker, such as an embedding it left out'),
})

/** GET /atelier/v1/jobs. */
export const jobListSchema = z.object({ jobs: z.array(jobSummarySchema) })

/** One picture of a job. */
export const jobImageSchema = z.object({
  index: z.number().int().nonnegative().describe("its place, part of the picture's address"),
  width: z.number().int().nonnegative().describe('pixels; 0: not told'),
  height: z.number().int().nonnegative().describe('pixels; 0: not told'),
  media_type: z.string(),
  size_bytes: z.number().int().nonnegative(),
  infotext: z.string().describe('how it was made, as the file tells it; empty: not told'),
})

/** GET /atelier/v1/jobs/<id>/images. */
export const jobImagesSchema = z.object({ images: z.array(jobImageSchema) })

/** Most jobs one call forgets. */
export const MAX_FORGOTTEN_JOBS = 500

/** POST /atelier/v1/jobs/forget. */
export const forgetRequestSchema = z.object({
  ids: z.array(z.string().min(1).max(64)).min(1).max(MAX_FORGOTTEN_JOBS).describe('jobs that have ended'),
})

/** Its answer. */
export const forgetAnswerSchema = z.object({
  forgotten: z.number().int().nonnegative().describe('how many went; others had not ended or are not there'),
})

/** Answer of POST /atelier/v1/jobs/<id>/skip. */
export const skipAnswerSchema = z.object({
  id: z.string(),
  skipped: z.boolean().describe('false: it does not run, or its worker cannot be reached'),
})

/** Events of GET /atelier/v1/events by name; each one's `data` is JSON of this shape. */
export const jobEventSchemas = {
  /** First: the jobs that wait or run. */
  jobs: jobListSchema,
  /** A job is new, or its state has changed. */
  job: jobSummarySchema,
  /** A running job got on. */
  progress: z.object({ id: z.string(), progress: jobProgressSchema }),
} as const

/** How far a running job is. */
export type JobProgressBody = z.infer<typeof jobProgressSchema>
/** A job in a list. */
export type JobSummary = z.infer<typeof jobSummarySchema>
/** One picture of a job. */
export type JobImage = z.infer<typeof jobImageSchema>
/** A list of pictures of a job. */
export type JobImages = z.infer<typeof jobImagesSchema>
/** A list of jobs. */
export type JobList = z.infer<typeof jobListSchema>
/** Events by name. */
export type JobEventBodies = {
  [Name in keyof typeof jobEventSchemas]: z.infer<(typeof jobEventSchemas)[Name]>
}
