import type { JobRecord } from '@atelier/proto'
import type { JobFilter, JobUpdate } from './job-dispatcher.ts'

interface Subscription {
  readonly filter: JobFilter
  readonly listener: (update: JobUpdate) => void
}

/** Who hears of which jobs. Those of one job are found by its id: thousands may wait for theirs at once. */
export class Subscriptions {
  readonly #byJob = new Map<string, Set<Subscription>>()
  readonly #others = new Set<Subscription>()
  readonly #onFault: (error: unknown, update: JobUpdate) => void

  constructor(onFault: (error: unknown, update: JobUpdate) => void) {
    this.#onFault = onFault
  }

  /** Adds a listener; returns the function that takes it away. */
  add(filter: JobFilter, listener: Subscription['listener']): () => void {
    const subscription = { filter, listener }
    const { jobId } = filter
    if (jobId === undefined) {
      this.#others.add(subscription)
      return () => this.#others.delete(subscription)
    }
    const ofJob = this.#byJob.get(jobId) ?? new Set()
    this.#byJob.set(jobId, ofJob.add(subscription))
    return () => {
      ofJob.delete(subscription)
      if (ofJob.size === 0 && this.#byJob.get(jobId) === ofJob) this.#byJob.delete(jobId)
    }
  }

  /** Tells everyone whom an update concerns. A listener that throws keeps nobody else from hearing. */
  tell(update: JobUpdate): void {
    const isPreview = update.kind === 'event' && update.event.event?.$case === 'previewReady'
    for (const { filter, listener } of this.#matching(update.record)) {
      if (update.kind === 'event' && filter.recordsOnly === true) continue
      if (isPreview && filter.previews !== true) continue
      try {
        listener(update)
      } catch (error) {
        this.#onFault(error, update)
      }
    }
  }

  /** Whether anyone wants to hear how a job fares between the changes of its record. */
  wantsEvents(record: JobRecord): boolean {
    return this.#matching(record).some(({ filter }) => filter.recordsOnly !== true)
  }

  /** Forgets everyone. */
  clear(): void {
    this.#byJob.clear()
    this.#others.clear()
  }

  #matching(record: JobRecord): Subscription[] {
    const ofJob = this.#byJob.get(record.job?.id ?? '') ?? []
    return [...ofJob, ...this.#others].filter(({ filter }) => matches(filter, record))
  }
}

function matches(filter: JobFilter, { job }: JobRecord): boolean {
  if (job === undefined || job.tenant !== filter.tenant) return false
  return filter.surface === undefined || job.surface === filter.surface
}
