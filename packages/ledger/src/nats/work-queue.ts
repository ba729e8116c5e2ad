import { Job, type JobRecord } from '@atelier/proto'
import type { JsMsg } from '@nats-io/jetstream'
import { WakeUps } from './wake-ups.ts'
import { FairQueue } from './fair-queue.ts'
import { followStream } from './follow.ts'
import type { NatsLink } from './link.ts'
import { createRecord } from '../job-state.ts'
import { RECORD_VERSION, trimJob } from './record-codec.ts'
import type { KnownRecord } from './record-store.ts'
import { WorkRemovals } from './work-removals.ts'

/** A job that waits, as its work message tells it. */
export interface WaitingJob {
  /** The job; a large one without its large parts. */
  readonly job: Job
  /** Its record, where the message tells it: a first claim need not read it. It may have changed since. */
  readonly known: KnownRecord | undefined
  /** Place of its message in the stream. */
  readonly sequence: number
  /** When this process saw it first, by its monotonic clock, milliseconds. */
  readonly seenAt: number
}

/** Largest job that its work message holds whole, bytes: every worker keeps the messages of all that wait. */
export const WHOLE_JOB_BYTES = 4 * 1024
/** Header of such a message: version and bucket revision of the record that was made for the job. */
const RECORD_HEADER = 'Atelier-Record'
/** Jobs without a checkpoint. */
const ANY_LANE = 'any'

/** The lane of a job: those that share a checkpoint share a lane. */
function toLane(job: Job): string {
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
  readonly #removals: WorkRemovals
  #isLoaded = false
  /** Sequence of the last message that was heard. */
  #heard = 0
  #stop: (() => void) | undefined
  /** Jobs known while the stream is being read from its start again. */
  #before: ReadonlyMap<string, WaitingJob> = new Map()

  constructor(link: NatsLink, elapsed: () => number) {
    this.#link = link
    this.#elapsed = elapsed
    this.#removals = new WorkRemovals(link, () => this.#findFirstNeeded())
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
        this.#heard = 0
      },
      onMessage: (message) => {
        this.#heard = message.seq
        this.#enter(message)
      },
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

  /**
   * Stores the work message of a waiting job, in place of an earlier one. With the revision of its first record, workers
   * can claim a small job without reading it.
   */
  async add(record: JobRecord, firstRevision?: number): Promise<void> {
    const { job } = record
    if (job === undefined) return
    const whole = firstRevision === undefined ? undefined : Job.encode(job).finish()
    const isWhole = whole !== undefined && whole.length <= WHOLE_JOB_BYTES
    const data = isWhole ? whole : Job.encode(trimJob(job)).finish()
    const headers = { [RECORD_HEADER]: `${RECORD_VERSION} ${firstRevision}` }
    await this.#link.use(`queue job ${job.id}`, async ({ publisher }) => {
      const seq = await publisher.publish(this.#subjectOf(job), data, isWhole ? { headers } : {})
      if (this.#stop !== undefined) this.#put({ job: trimJob(job), sequence: seq, known: undefined })
    })
  }

  /**
   * Takes the message of a job that no longer waits away, and tells everyone: the one of a sequence, leaving a newer one
   * alone, or all. Failing costs nothing but a look.
   */
  async remove(job: Job, seen?: number): Promise<void> {
    const sequence = seen ?? this.#waiting.get(job.id)?.sequence
    if (this.#waiting.get(job.id)?.sequence === sequence) this.#waiting.remove(job.id)
    this.#link.publish(this.#link.names.takenSubject, `${job.tenant}.${job.id}`)
    if (sequence !== undefined) return this.#removals.add(sequence)
    await this.#link.use(`unqueue job ${job.id}`, async ({ jsm }) => {
      await jsm.streams.purge(this.#link.names.work, { filter: this.#subjectOf(job) })
    })
  }

  /** Resolves when a job was added that no other slot of the worker was woken for, or after the given time. */
  nextNews(milliseconds: number, signal: AbortSignal, workerId: string): Promise<void> {
    return this.#news.wait(milliseconds, signal, workerId)
  }

  /** Wakes everyone who waits for news. */
  wake(): void {
    this.#news.wake()
  }

  /** Stops following. */
  close(): void {
    this.#stop?.()
    this.#removals.close()
    this.#news.wake()
  }

  /** Every message before this sequence has been heard and stands for no waiting job. */
  #findFirstNeeded(): number {
    let first = this.#heard + 1
    for (const { sequence } of this.#waiting.values()) first = Math.min(first, sequence)
    return first
  }

  #enter({ subject, data, seq, headers }: JsMsg): void {
    const jobId = subject.slice(subject.lastIndexOf('.') + 1)
    // What this process added itself.
    if (this.#waiting.get(jobId)?.sequence === seq) return
    try {
      const job = Job.decode(data)
      if (job.id !== jobId || job.tenant === '') throw new Error('it is not the message of its subject')
      this.#put({ job, sequence: seq, known: readRecord(job, headers?.get(RECORD_HEADER)) })
    } catch (cause) {
      this.#link.emit({ kind: 'unreadable', subject, cause })
      // Nobody can act on it; the job's record is looked after by the sweep.
      void this.#link
        .use(`remove ${subject}`, ({ jsm }) => jsm.streams.deleteMessage(this.#link.names.work, seq, false))
        .catch(() => undefined)
    }
  }

  #put(entry: Omit<WaitingJob, 'seenAt'>): void {
    const { id } = entry.job
    const known = this.#waiting.get(id) ?? this.#before.get(id)
    if (known !== undefined && known.sequence > entry.sequence) return
    this.#waiting.put({ ...entry, seenAt: known?.seenAt ?? this.#elapsed() })
    // One job, one slot of each worker; the others would look and find it being claimed.
    this.#news.wakeOneOfEach()
  }

  #subjectOf(job: Job): string {
    return `${this.#link.names.workSubject}.${toLane(job)}.${job.id}`
  }
}

/** The record a message tells; none by another version of this program, whose records may hold more. */
function readRecord(job: Job, header: string | undefined): KnownRecord | undefined {
  const [version, revision] = (header ?? '').split(' ').map(Number)
  if (version !== RECORD_VERSION || !Number.isSafeInteger(revision)) return undefined
  return { record: createRecord(job), revision: revision! }
}
