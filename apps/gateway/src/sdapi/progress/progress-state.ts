import { JobState, type GenerationJob, type JobRecord, type ScriptJob } from '@atelier/proto'
import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { JobProgress } from '../../dispatch/job-dispatcher.ts'
import { parseScriptNote } from '../scripts/script-note.ts'
import { toTimestamp } from '../answer/to-response.ts'

/** A1111's counters of the running job, or what is left of the last one's. */
export interface ProgressState {
  readonly isSkipped: boolean
  readonly isInterrupted: boolean
  readonly job: string
  /** Passes; -1 before they are known, 0 when nothing runs. */
  readonly jobCount: number
  readonly jobTimestamp: string
  /** Passes that have ended. */
  readonly jobNumber: number
  /** Steps of the present pass whose denoising has ended, from 0: the last step shows as one less than all. */
  readonly samplingStep: number
  readonly samplingSteps: number
}

/** Before the first job. */
const NEVER: ProgressState = {
  ...{ isSkipped: false, isInterrupted: false, job: '', jobCount: 0, jobTimestamp: '0' },
  ...{ jobNumber: 0, samplingStep: 0, samplingSteps: 0 },
}

/** The counters of a running job. */
export function toRunningState(record: JobRecord, known: JobProgress | undefined): ProgressState {
  const { passCount = 0, passIndex = 0, step = 0, totalSteps = 0 } = known ?? {}
  return {
    isSkipped: false,
    isInterrupted: record.state === JobState.JOB_STATE_CANCELLING,
    job: describePass(record, { passCount, passIndex }),
    jobCount: passCount === 0 ? -1 : passCount,
    jobTimestamp: toTimestamp(record.startedAtMs),
    jobNumber: passIndex,
    samplingStep: Math.max(step - 1, 0),
    samplingSteps: totalSteps,
  }
}

/** Several batches are counted by themselves, whether each takes one pass or two. */
function describePass(
  record: JobRecord,
  { passCount, passIndex }: { passCount: number; passIndex: number },
): string {
  const script = record.job?.kind?.$case === 'script' ? record.job.kind.value : undefined
  if (script !== undefined) return nameScriptPart(record.job?.surfaceNote ?? '', script, passIndex)
  const passes = toGeneration(record)?.hires === undefined ? 1 : 2
  const batches = Math.floor(passCount / passes)
  return batches > 1 ? `Batch ${Math.floor(passIndex / passes) + 1} out of ${batches}` : toJobName(record)
}

/** Scripts name the part that runs. */
function nameScriptPart(note: string, { parts }: ScriptJob, passIndex: number): string {
  let rest = passIndex
  const part = parts.findIndex((one) => {
    rest -= Math.ceil(one.images.length / Math.max(one.batchSize, 1)) * (one.hires === undefined ? 1 : 2)
    return rest < 0
  })
  const { names } = parseScriptNote(note)
  return names[part] ?? names.at(-1) ?? ''
}

/** The counters while nothing runs: the last job's as it left them. */
export function toIdleState(last: JobRecord | undefined): ProgressState {
  const generation = toGeneration(last)
  if (last === undefined || generation === undefined) return NEVER
  const made = last.result?.imageIndexes.length ?? 0
  return {
    ...NEVER,
    isInterrupted: last.state === JobState.JOB_STATE_INTERRUPTED,
    jobTimestamp: toTimestamp(last.startedAtMs),
    jobNumber: Math.ceil(made / Math.max(generation.batchSize, 1)) * (generation.hires === undefined ? 1 : 2),
    samplingSteps: countSteps(generation),
  }
}

/** Strengths above this are treated as this. */
const MAX_STRENGTH = 0.999

/** Steps a pass runs: with a source only the share of them that its strength leaves, and one more. */
function countSteps({ sampling, source, hires }: GenerationJob): number {
  if (hires?.sampling !== undefined) return hires.sampling.steps
  const steps = sampling?.steps ?? 0
  if (source === undefined || source.runAllSteps) return steps
  return Math.trunc(Math.min(source.strength, MAX_STRENGTH) * steps) + 1
}

function toJobName(record: JobRecord): string {
  if (record.job?.kind?.$case === 'extras') return 'extras'
  return toGeneration(record)?.source === undefined ? 'scripts_txt2img' : 'scripts_img2img'
}

function toGeneration(record: JobRecord | undefined): GenerationJob | undefined {
  return record?.job?.kind?.$case === 'generation' ? record.job.kind.value : undefined
}

/** The `state` member of GET /sdapi/v1/progress. */
export function toStateBody(state: ProgressState): ExactObject {
  return new Map<string, ExactValue>([
    ['skipped', state.isSkipped],
    ['interrupted', state.isInterrupted],
    ['stopping_generation', false],
    ['job', state.job],
    ['job_count', BigInt(state.jobCount)],
    ['job_timestamp', state.jobTimestamp],
    ['job_no', BigInt(state.jobNumber)],
    ['sampling_step', BigInt(state.samplingStep)],
    ['sampling_steps', BigInt(state.samplingSteps)],
  ])
}

/** The share of a running job that is done, on top of a start value: passes that have ended, steps of the present one. */
export function toShare(state: ProgressState, start: number): number {
  const { jobCount, jobNumber, samplingStep, samplingSteps } = state
  if (jobCount <= 0) return start
  const ofPass = samplingSteps === 0 ? 0 : ((1 / jobCount) * samplingStep) / samplingSteps
  return start + jobNumber / jobCount + ofPass
}

/** Seconds left, from the time taken so far and the share done. */
export function toSecondsLeft(elapsedMs: number, share: number): number {
  const elapsed = elapsedMs / 1000
  return elapsed / share - elapsed
}
