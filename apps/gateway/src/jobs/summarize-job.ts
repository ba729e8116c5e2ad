import type { JobProgressBody, JobSummary } from '@atelier/catalog/atelier-api'
import { toStateName } from '@atelier/ledger'
import { JobState, Surface, type GenerationJob, type Job, type JobRecord } from '@atelier/proto'
import type { JobProgress } from '../dispatch/job-dispatcher.ts'
import { listPictures } from './list-pictures.ts'

/** Longest prompt that lists carry, characters. */
const MAX_PROMPT = 300

const RUNNING: ReadonlySet<JobState> = new Set([JobState.JOB_STATE_RUNNING, JobState.JOB_STATE_CANCELLING])

/** A job as lists and events tell it. `known` is its newest progress; `now` milliseconds since 1970 UTC. */
export function summarizeJob(record: JobRecord, known: JobProgress | undefined, now: number): JobSummary {
  const { job } = record
  const isRunning = RUNNING.has(record.state)
  return {
    id: job?.id ?? '',
    public_id: job?.publicId ?? '',
    surface: job?.surface === Surface.SURFACE_COMFY ? 'comfy' : 'sdapi',
    kind: kindOf(job),
    state: toStateName(record.state) as JobSummary['state'],
    attempt: record.attempt,
    submitted_at_ms: job?.submittedAtMs ?? 0,
    started_at_ms: toTime(record.startedAtMs),
    ended_at_ms: toTime(record.endedAtMs),
    worker: record.workerId === '' ? null : record.workerId,
    checkpoint: job?.models[0]?.name ?? null,
    ...describeWish(job),
    image_count: listPictures(record).length,
    progress: isRunning ? toProgressBody(known, now - record.startedAtMs) : null,
    error: toErrorBody(record.error),
    remarks: record.result?.remarks ?? [],
  }
}

/** How far a job is; `elapsedMs` is how long it has run. */
export function toProgressBody(known: JobProgress | undefined, elapsedMs: number): JobProgressBody {
  const { step = 0, totalSteps = 0, passIndex = 0, passCount = 0, preview } = known ?? {}
  const ofPass = totalSteps === 0 ? 0 : step / totalSteps
  const share = Math.min((passIndex + ofPass) / Math.max(passCount, 1), 1)
  return {
    ...{ step, total_steps: totalSteps, pass: passIndex, pass_count: passCount, share },
    seconds_left: share === 0 ? null : Math.max(0, (elapsedMs / share - elapsedMs) / 1000),
    preview: preview?.number ?? 0,
  }
}

/** Why a job failed; the text of a fault of ours stays inside. */
export function toErrorBody(error: JobRecord['error']): JobSummary['error'] {
  if (error === undefined) return null
  const { code, message, retryable } = error
  return { code, message: code === 'internal' ? 'internal error' : message, retryable }
}

function toTime(timeMs: number): number | null {
  return timeMs === 0 ? null : timeMs
}

function kindOf(job: Job | undefined): JobSummary['kind'] {
  const kind = job?.kind
  if (kind?.$case === 'generation')
    return kind.value.source === undefined ? 'text-to-image' : 'image-to-image'
  if (kind?.$case === 'extras') return 'upscale'
  if (kind?.$case === 'controlMap') return 'control-map'
  return kind?.$case === 'script' ? 'script' : 'node-graph'
}

type Wish = Pick<JobSummary, 'prompt' | 'steps' | 'width' | 'height' | 'wanted_images'>

function describeWish(job: Job | undefined): Wish {
  const parts = partsOf(job)
  const [first] = parts
  return {
    prompt: (first?.images[0]?.prompt ?? '').slice(0, MAX_PROMPT),
    steps: first?.sampling?.steps ?? 0,
    width: first?.hires?.width ?? first?.width ?? 0,
    height: first?.hires?.height ?? first?.height ?? 0,
    wanted_images: countWanted(job, parts),
  }
}

function countWanted(job: Job | undefined, parts: readonly GenerationJob[]): number {
  const kind = job?.kind
  if (kind?.$case === 'extras' || kind?.$case === 'controlMap') return kind.value.pictures.length
  // What a script puts together of its parts' pictures is not known before.
  if (kind?.$case === 'script' && kind.value.work !== undefined) return 0
  return parts.reduce((sum, { images }) => sum + images.length, 0)
}

function partsOf(job: Job | undefined): readonly GenerationJob[] {
  if (job?.kind?.$case === 'generation') return [job.kind.value]
  return job?.kind?.$case === 'script' ? job.kind.value.parts : []
}
