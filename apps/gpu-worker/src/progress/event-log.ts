import type { JobEvent, JobState } from '@atelier/proto'

/** Events kept for watchers that come late or come back. */
const RING_SIZE = 512
/** How long a job's events are kept after its end, milliseconds. */
const KEEP_ENDED_MS = 60_000

/** Something a watcher is told. */
export interface Told {
  readonly event: JobEvent
  /** Events before this one are gone. */
  readonly isReset: boolean
}

interface JobLog {
  readonly epoch: number
  sequence: number
  /** Newest last; previews are not in it. */
  readonly ring: JobEvent[]
  preview: JobEvent | undefined
  isEnded: boolean
  readonly watchers: Set<(told: Told) => void>
}

/** Owns the events of the jobs that run on this worker: numbers them, keeps the newest, tells watchers. */
export class EventLog {
  readonly #logs = new Map<string, JobLog>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Starts the events of a job's epoch. */
  open(jobId: string, epoch: number): void {
    const watchers = this.#logs.get(jobId)?.watchers ?? new Set()
    this.#logs.set(jobId, { epoch, sequence: 0, ring: [], preview: undefined, isEnded: false, watchers })
  }

  /** Adds an event and tells the watchers. */
  add(jobId: string, happening: NonNullable<JobEvent['event']>): void {
    const log = this.#logs.get(jobId)
    if (log === undefined || log.isEnded) return
    log.sequence += 1
    const event: JobEvent = {
      jobId,
      epoch: log.epoch,
      sequence: log.sequence,
      timeMs: this.#now(),
      event: happening,
    }
    if (happening.$case === 'previewReady') log.preview = event
    else {
      log.ring.push(event)
      if (log.ring.length > RING_SIZE) log.ring.shift()
    }
    for (const tell of log.watchers) tell({ event, isReset: false })
  }

  /** Ends the events of a job; they are kept for a while. */
  end(jobId: string, state: JobState): void {
    this.add(jobId, { $case: 'jobEnd', value: { state } })
    const log = this.#logs.get(jobId)
    if (log === undefined) return
    log.isEnded = true
    setTimeout(() => this.#logs.get(jobId) === log && this.#logs.delete(jobId), KEEP_ENDED_MS).unref()
  }

  /**
   * Tells all events after a sequence, then every new one. Returns the function that ends it, or undefined when the
   * job is not known here. A watcher of another epoch gets everything.
   */
  watch(
    jobId: string,
    from: { epoch: number; afterSequence: number },
    tell: (told: Told) => void,
  ): (() => void) | undefined {
    const log = this.#logs.get(jobId)
    if (log === undefined) return undefined
    const after = from.epoch === log.epoch ? from.afterSequence : 0
    const missed = [...log.ring, ...(log.preview ? [log.preview] : [])]
      .filter(({ sequence }) => sequence > after)
      .sort((a, b) => a.sequence - b.sequence)
    const first = log.ring[0]?.sequence ?? 1
    missed.forEach((event, i) =>
      tell({ event, isReset: i === 0 && first > after + 1 && log.ring.length === RING_SIZE }),
    )
    log.watchers.add(tell)
    return () => log.watchers.delete(tell)
  }
}
