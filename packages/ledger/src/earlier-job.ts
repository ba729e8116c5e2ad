import { JobState, type Job, type JobRecord } from '@atelier/proto'
import { AtelierError } from './errors.ts'
import type { SubmitRules } from './job-ledger.ts'

/**
 * Whether an earlier job of the same public id and body answers a submission. One that was turned away never was a job;
 * others do unless the rules say that such an end is none.
 */
export function answersAgain(state: JobState, { runsAgainAfter = [] }: SubmitRules): boolean {
  return state !== JobState.JOB_STATE_REJECTED && !runsAgainAfter.includes(state)
}

/**
 * Whether a submission attaches to the latest job of its public id.
 * @throws AtelierError `conflict` when that id stands for one body only and this is another
 */
export function attachesTo(earlier: JobRecord | undefined, job: Job, rules: SubmitRules): boolean {
  if (earlier?.job === undefined) return false
  if (earlier.job.requestDigest === job.requestDigest) return answersAgain(earlier.state, rules)
  if (rules.keepsBody === true && earlier.state !== JobState.JOB_STATE_REJECTED) throw otherBody(job)
  return false
}

/** The refusal of another body under an id that stands for one. */
export function otherBody({ publicId }: Job): AtelierError {
  return new AtelierError('conflict', `the id ${publicId} was used with another body`)
}
