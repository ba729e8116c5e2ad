/** The gateway's own routes below /atelier/v1: the shapes of their bodies, for the gateway and its clients. */
export {
  forgetAnswerSchema,
  forgetRequestSchema,
  jobEventSchemas,
  jobImagesSchema,
  jobListSchema,
  jobSummarySchema,
  skipAnswerSchema,
} from './jobs.ts'
export type { JobEventBodies, JobImage, JobImages, JobList, JobProgressBody, JobSummary } from './jobs.ts'
export { MODEL_KIND_NAMES, modelListSchema, sessionSchema, workerListSchema } from './cluster.ts'
export type { ModelBody, ModelList, Session, WorkerBody, WorkerList } from './cluster.ts'
