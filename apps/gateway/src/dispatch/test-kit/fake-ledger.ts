import { JobRecord, JobState, type Job } from '@atelier/proto'
import type { JobLedger } from '@atelier/ledger'

/** A ledger in memory whose records a test moves by hand. Only what a gateway calls. */
export class FakeLedger implements Pick<JobLedger, 'submit' | 'read' | 'list' | 'watch' | 'cancel'> {
  readonly #records = new Map<string, JobRecord>()
  readonly #wake = new Set<(record: JobRecord) => void>()

  async submit(job: Job): ReturnType<JobLedger['submit']> {
    return { kind: 'created', record: this.change(job.id, { job, state: JobState.JOB_STATE_QUEUED }) }
  }

  async read(_tenant: string, jobId: string): Promise<JobRecord | undefined> {
    return this.#records.get(jobId)
  }

  async list(query: Parameters<JobLedger['list']>[0]): Promise<JobRecord[]> {
    return [...this.#records.values()].filter((record) => query.states?.includes(record.state) ?? true)
  }

  async *watch(_query: object, signal: AbortSignal): AsyncIterable<JobRecord> {
    const waiting: JobRecord[] = []
    const state = { resume: () => undefined as void }
    const listener = (record: JobRecord): void => {
      waiting.push(record)
      state.resume()
    }
    this.#wake.add(listener)
    signal.addEventListener('abort', () => state.resume())
    while (!signal.aborted) {
      const next = waiting.shift()
      if (next) yield next
      else await new Promise<void>((resolve) => (state.resume = resolve))
    }
    this.#wake.delete(listener)
  }

  async cancel(_tenant: string, jobId: string): ReturnType<JobLedger['cancel']> {
    const record = this.#records.get(jobId)
    if (record === undefined) return 'unknown'
    const isRunning = record.state === JobState.JOB_STATE_RUNNING
    this.change(jobId, { state: isRunning ? JobState.JOB_STATE_CANCELLING : JobState.JOB_STATE_CANCELLED })
    return isRunning ? 'cancelling' : 'cancelled'
  }

  /** Changes a record and tells the watchers. */
  change(jobId: string, change: Partial<JobRecord>): JobRecord {
    const before = this.#records.get(jobId)
    const record = { ...JobRecord.create(before), ...change, revision: (before?.revision ?? 0) + 1 }
    this.#records.set(jobId, record)
    for (const wake of this.#wake) wake(record)
    return record
  }
}
