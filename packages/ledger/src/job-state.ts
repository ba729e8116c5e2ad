import { JobRecord, JobState, type Job, type JobError } from '@atelier/proto'
import type { JobOutcome, LeaseState } from './job-ledger.ts'

/**
 * The state machine of a job record: pure functions from a record and the time to the next record, or undefined when
 * the transition is refused. Invariants (proved by job-state.property.test.ts): an ended record never changes; the
 * epoch never falls; only the holder of the newest epoch ends or returns a job; attempts count begun executions that
 * were not handed back; a job is never in no state at all.
 */

/** Life of an unrenewed lease, milliseconds; renewed every WORKER_HEARTBEAT_MS. */
export const LEASE_MS = 20_000
/** Executions a job may begin before it is parked: a job that kills three workers is poison. */
export const MAX_ATTEMPTS = 3

const ENDED: ReadonlySet<JobState> = new Set([
  JobState.JOB_STATE_DONE,
  JobState.JOB_STATE_FAILED,
  JobState.JOB_STATE_INTERRUPTED,
  JobState.JOB_STATE_CANCELLED,
  JobState.JOB_STATE_EXPIRED,
  JobState.JOB_STATE_REJECTED,
  JobState.JOB_STATE_PARKED,
])

/** Whether a record in this state will never change again. */
export function isEndedState(state: JobState): boolean {
  return ENDED.has(state)
}

/** Whether a worker holds the record. */
export function isHeldState(state: JobState): boolean {
  return state === JobState.JOB_STATE_RUNNING || state === JobState.JOB_STATE_CANCELLING
}

/** The record of a job that was just admitted. */
export function createRecord(job: Job): JobRecord {
  return JobRecord.fromPartial({ job, state: JobState.JOB_STATE_QUEUED, revision: 1 })
}

/** Who takes a job. */
export interface Claimant {
  readonly workerId: string
  /** Name under which a shared ledger asks whether the worker's process lives. */
  readonly holder?: string
}

/** A worker takes a queued job at the next epoch. */
export function claimRecord(
  record: JobRecord,
  { workerId, holder = '' }: Claimant,
  now: number,
): JobRecord | undefined {
  if (record.state !== JobState.JOB_STATE_QUEUED) return undefined
  return next(record, {
    state: JobState.JOB_STATE_RUNNING,
    epoch: record.epoch + 1,
    attempt: record.attempt + 1,
    workersTried: [...record.workersTried, workerId],
    workerId,
    holder,
    leaseUntilMs: now + LEASE_MS,
    startedAtMs: now,
  })
}

/** What the holder of an epoch still holds. */
export function leaseStateOf(record: JobRecord | undefined, epoch: number): LeaseState {
  if (record === undefined || !isHeldState(record.state) || record.epoch !== epoch) return 'lost'
  return record.state === JobState.JOB_STATE_CANCELLING ? 'cancelling' : 'held'
}

/** The holder of the newest epoch extends its lease. */
export function renewRecord(record: JobRecord, epoch: number, now: number): JobRecord | undefined {
  if (leaseStateOf(record, epoch) === 'lost') return undefined
  return { ...record, leaseUntilMs: now + LEASE_MS }
}

/** The holder of the newest epoch ends the job. */
export function finishRecord(
  record: JobRecord,
  epoch: number,
  outcome: JobOutcome,
  now: number,
): JobRecord | undefined {
  if (leaseStateOf(record, epoch) === 'lost') return undefined
  const state = {
    done: JobState.JOB_STATE_DONE,
    interrupted: JobState.JOB_STATE_INTERRUPTED,
    failed: JobState.JOB_STATE_FAILED,
  }[outcome.kind]
  return end(record, now, {
    state,
    result: outcome.result,
    error: outcome.kind === 'failed' ? outcome.error : undefined,
  })
}

/** The holder returns the job unharmed; one that was asked to stop ends instead. */
export function handBackRecord(record: JobRecord, epoch: number, now: number): JobRecord | undefined {
  const lease = leaseStateOf(record, epoch)
  if (lease === 'lost') return undefined
  if (lease === 'cancelling') return end(record, now, { state: JobState.JOB_STATE_INTERRUPTED })
  return next(record, { ...NOT_HELD, state: JobState.JOB_STATE_QUEUED, attempt: record.attempt - 1 })
}

/** The holder's engine died under the job: run it again, or park it when it has killed too many. */
export function abandonRecord(record: JobRecord, epoch: number, now: number): JobRecord | undefined {
  return leaseStateOf(record, epoch) === 'lost' ? undefined : requeueOrPark(record, now)
}

/** Somebody asks the job to stop. */
export function cancelRecord(record: JobRecord, now: number): JobRecord | undefined {
  if (record.state === JobState.JOB_STATE_QUEUED)
    return end(record, now, { state: JobState.JOB_STATE_CANCELLED })
  if (record.state === JobState.JOB_STATE_RUNNING)
    return next(record, { state: JobState.JOB_STATE_CANCELLING })
  return undefined
}

/** There is no room for a queued job after all. */
export function rejectRecord(record: JobRecord, now: number): JobRecord | undefined {
  if (record.state !== JobState.JOB_STATE_QUEUED) return undefined
  return end(record, now, { state: JobState.JOB_STATE_REJECTED })
}

/** Nobody renewed the lease: as if the holder had abandoned the job. */
export function recoverRecord(record: JobRecord, now: number): JobRecord | undefined {
  return isHeldState(record.state) && record.leaseUntilMs < now ? requeueOrPark(record, now) : undefined
}

const NOT_HELD = { workerId: '', holder: '', leaseUntilMs: 0 } as const

function requeueOrPark(record: JobRecord, now: number): JobRecord {
  if (record.state === JobState.JOB_STATE_CANCELLING)
    return end(record, now, { state: JobState.JOB_STATE_INTERRUPTED })
  if (record.attempt >= MAX_ATTEMPTS)
    return end(record, now, { state: JobState.JOB_STATE_PARKED, error: parkedError(record) })
  return next(record, { ...NOT_HELD, state: JobState.JOB_STATE_QUEUED })
}

function parkedError(record: JobRecord): JobError {
  return {
    code: 'engine-died',
    message: `the engine died ${record.attempt} times while it ran this job (workers ${record.workersTried.join(', ')})`,
    retryable: false,
    nodeId: '',
    nodeType: '',
    exceptionType: 'RuntimeError',
    traceback: [],
    currentInputsJson: '',
    executedNodeIds: [],
  }
}

function end(record: JobRecord, now: number, change: Partial<JobRecord>): JobRecord {
  return next(record, { ...NOT_HELD, ...change, endedAtMs: now })
}

function next(record: JobRecord, change: Partial<JobRecord>): JobRecord {
  return { ...record, ...change, revision: record.revision + 1 }
}
