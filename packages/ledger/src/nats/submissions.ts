import { JobState, type Job, type JobRecord } from '@atelier/proto'
import { answersAgain, otherBody } from '../earlier-job.ts'
import { AtelierError } from '../errors.ts'
import type { Submission, SubmitRules } from '../job-ledger.ts'
import * as machine from '../job-state.ts'
import type { NatsJobLedgerParts } from './ledger-parts.ts'
import { NEW_ID } from './public-ids.ts'
import type { KnownRecord } from './record-store.ts'

/** How often a submission is tried when another with the same public id is faster. */
const MAX_TRIES = 10
/** How jobs come into the ledger: one for a public id, however many ask for it at the same instant. */
export class Submissions {
  readonly #parts: Pick<NatsJobLedgerParts, 'publicIds' | 'records' | 'queue' | 'link' | 'now'>

  constructor(parts: Pick<NatsJobLedgerParts, 'publicIds' | 'records' | 'queue' | 'link' | 'now'>) {
    this.#parts = parts
  }

  /** See `JobLedger.submit`. */
  async submit(job: Job, rules: SubmitRules = {}): Promise<Submission> {
    const { publicIds } = this.#parts
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      // Most ids are new: that is tried first, and looked up only when it is wrong.
      const earlier = attempt === 0 ? NEW_ID : await publicIds.find(job.tenant, job.surface, job.publicId)
      if (earlier.jobId !== '' && earlier.requestDigest === job.requestDigest) {
        const submission = await this.#attach(job, earlier.jobId)
        if (submission !== undefined && answersAgain(submission.record.state, rules)) return submission
      } else if (rules.keepsBody === true && (await this.#isTaken(job.tenant, earlier.jobId)))
        throw otherBody(job)
      // The id is agreed on before the record is made: whoever comes with the same request finds it.
      if (!isNamedByItself(job) && !(await publicIds.replace(job, earlier.revision))) continue
      const created = await this.#create(job)
      if (created !== undefined) return created
      throw new AtelierError('conflict', `job id ${job.id} has been used before`)
    }
    throw new AtelierError('unavailable', `public id ${job.publicId} is submitted by too many at once`)
  }

  /**
   * Whether a public id stands for a job: also for one whose record is still being made, not for one that was turned
   * away or forgotten.
   */
  async #isTaken(tenant: string, jobId: string): Promise<boolean> {
    if (jobId === '') return false
    const found = await this.#parts.records.find(tenant, jobId)
    return found === 'nothing' || (found !== 'removed' && found.record.state !== JobState.JOB_STATE_REJECTED)
  }

  /** The earlier record; or, when whoever agreed on its id did not get to make it, the record made now in its place. */
  async #attach(job: Job, jobId: string): Promise<Submission | undefined> {
    const { records } = this.#parts
    const known = await records.read(job.tenant, jobId)
    if (known !== undefined) return { kind: 'attached', record: await records.complete(known.record) }
    // Undefined when that key was used and removed: the job was forgotten, and this one starts anew.
    return this.#create({ ...job, id: jobId })
  }

  /** Undefined when the job's id was used by a job that has been removed. */
  async #create(job: Job): Promise<Submission | undefined> {
    const { records, queue } = this.#parts
    const record = machine.createRecord(job)
    const known = await records.create(record)
    if (known === undefined) {
      const other = await records.read(job.tenant, job.id)
      return other && { kind: 'attached', record: await records.complete(other.record) }
    }
    try {
      await queue.add(record, known.revision)
    } catch (error) {
      await this.#reject(job, known, error)
      throw error
    }
    return { kind: 'created', record }
  }

  /** The queue has no room, or cannot be reached: the record must not be left as if it were waiting. */
  async #reject(job: Job, known: KnownRecord, cause: unknown): Promise<void> {
    const { records, now } = this.#parts
    const reject = (record: JobRecord): JobRecord | undefined => machine.rejectRecord(record, now())
    const place = { tenant: job.tenant, jobId: job.id }
    // Otherwise the sweep gives it its work message: it was stored, so it will run.
    await records.change(place, reject, known).catch(() => {
      this.#parts.link.emit({ kind: 'conflict', subject: `rejecting job ${job.id}`, cause })
    })
  }
}

/** A job whose public id is its own id needs no entry in the index of public ids: its record is where the id says. */
function isNamedByItself({ id, publicId }: Job): boolean {
  return id === publicId
}
