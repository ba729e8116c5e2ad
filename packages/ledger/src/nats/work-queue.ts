import { Job, type JobRecord } from '@atelier/proto'
import { WakeUps } from './wake-ups.ts'
import { FairQueue } from './fair-queue.ts'
import { followStream } from './follow.ts'
import type { NatsLink } from './link.ts'
import { trimJob } from './record-codec.ts'

/** A job that waits, as its work message tells it. */
export interface WaitingJob {
  /** The job without its large parts. */
  readonly job: Job
  /** Place of its message in the stream. */
  readonly sequence: number
  /** When this process saw it first, by its monotonic clock, milliseconds. */
  readonly seenAt: number
}

/** Jobs without a checkpoint. */
const ANY_LANE = 'any'

/** The lane of a job: those that share a checkpoint share a lane. */
export function toLane(job: Job): string {
  const identity = job.models[0]?.identity ?? ''
  return /^[0-9a-f]{12}/.test(identity) ? identity.slice(0, 12) : ANY_LANE
}

/**
 * The stream of work messages: one a waiting job, below the lane of its checkpoint, gone when the job is claimed or
 * cancelled. A message is a wake-up and a place in the queue, never the truth: who acts on it asks the record.
 */
export class WorkQueue {
  readonly #link: NatsLink
  readonly #elapsed: () => number
  readonly #waiting = new FairQueue<WaitingJob>()
  readonly #news = new WakeUps()
  #isLoaded = false
  #stop: (() => void) | undefined
  /** Jobs known while the stream is being read from its start again. */
  #before: ReadonlyMap<string, WaitingJob> = new Map()

  constructor(link: NatsLink, elapsed: () => number) {
    this.#link = link
    this.#elapsed = elapsed
  }

  /** Whether the whole stream has been read. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** The waiting jobs, in no order. */
  get waiting(): Iterable<WaitingJob> {
    return this.#waiting.values()
  }

  /** The waiting jobs in the order in which they are to be looked at, fair to all tenants. */
  get inOrder(): Iterable<WaitingJob> {
    return this.#waiting.inOrder()
  }

  /** What is known of a waiting job. */
  get(jobId: string): WaitingJob | undefined {
    return this.#waiting.get(jobId)
  }

  /** Whether the job's message is there, as far as this process knows. */
  has(jobId: string): boolean {
    return this.#waiting.get(jobId) !== undefined
  }

  /** Begins to follow the stream; asking again changes nothing. */
  follow(): void {
    if (this.#stop !== undefined) return
    const { names } = this.#link
    const unfollow = followStream({
      link: this.#link,
      stream: names.work,
      subject: `${names.workSubject}.>`,
      onStart: () => {
        this.#before = new Map([...this.#waiting.values()].map((entry) => [entry.job.id, entry]))
        this.#waiting.clear()
        this.#isLoaded = false
      },
      onMessage: ({ subject, data, seq }) => this.#enter(subject, data, seq),
      onLoaded: () => {
        this.#before = new Map()
        this.#isLoaded = true
        this.#news.wake()
      },
    })
    const unlisten = this.#link.subscribe(names.takenSubject, (data) => {
      const [tenant, jobId] = Buffer.from(data).toString().split('.')
      if (tenant === undefined || jobId === undefined) return
      this.#waiting.remove(jobId)
      this.#waiting.noteServed(tenant)
    })
    this.#stop = () => {
      unfollow()
      unlisten()
    }
  }

  /** Stores the work message of a waiting job, in place of an earlier one. */
  async add(record: JobRecord): Promise<void> {
    const { job } = record
    if (job === undefined) return
    const data = Job.encode(trimJob(job)).finish()
    await this.#link.use(`queue job ${job.id}`, async ({ publisher }) => {
      const seq = await publisher.publish(this.#subjectOf(job), data)
      if (this.#stop !== undefined) this.#put(job.id, trimJob(job), seq)
    })
  }

  /** Takes the message of a job that no longer waits away, and tells everyone. Failing costs nothing but a look. */
  async remove(job: Job): Promise<void> {
    const known = this.#waiting.get(job.id)
    this.#waiting.remove(job.id)
    this.#link.publish(this.#link.names.takenSubject, `${job.tenant}.${job.id}`)
    await this.#link.use(`unqueue job ${job.id}`, async ({ jsm }) => {
      // Not beyond the message that was seen: the job may have been queued again meanwhile.
      const upTo = known === undefined ? {} : { seq: known.sequence + 1 }
      await jsm.streams.purge(this.#link.names.work, { filter: this.#subjectOf(job), ...upTo })
    })
  }

  /** Forgets a job without touching its message: somebody else took it. */
  drop(jobId: string): void {
    this.#waiting.remove(jobId)
  }

  /** Resolves when jobs were added or after the given time. */
  nextNews(milliseconds: number, signal: AbortSignal): Promise<void> {
    return this.#news.wait(milliseconds, signal)
  }

  /** Wakes everyone who waits for news. */
  wake(): void {
    this.#news.wake()
  }

  /** Stops following. */
  close(): void {
    this.#stop?.()
    this.#news.wake()
  }

  #enter(subject: string, data: Uint8Array, sequence: number): void {
    const jobId = subject.slice(subject.lastIndexOf('.') + 1)
    try {
      const job = Job.decode(data)
      if (job.id !== jobId || job.tenant === '') throw new Error('it is not the message of its subject')
      this.#put(jobId, job, sequence)
    } catch (cause) {
      this.#link.emit({ kind: 'unreadable', subject, cause })
      // Nobody can act on it; the job's record is looked after by the sweep.
      void this.#link
        .use(`remove ${subject}`, ({ jsm }) =>
          jsm.streams.deleteMessage(this.#link.names.work, sequence, false),
        )
        .catch(() => undefined)
    }
  }

  #put(jobId: string, job: Job, sequence: number): void {
    const known = this.#waiting.get(jobId) ?? this.#before.get(jobId)
    if (known !== undefined && known.sequence > sequence) return
    this.#waiting.put({ job, sequence, seenAt: known?.seenAt ?? this.#elapsed() })
    this.#news.wake()
  }

  #subjectOf(job: Job): string {
    return `${this.#link.names.workSubject}.${toLane(job)}.${job.id}`
  }
}
