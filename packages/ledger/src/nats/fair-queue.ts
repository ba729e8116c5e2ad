import type { Job } from '@atelier/proto'

/** A job that waits. */
export interface Waiting {
  readonly job: Job
  /** Order of arrival, unique. */
  readonly sequence: number
}

/**
 * Waiting jobs of several tenants, in the order in which they are looked at: the heads of all queues, then everyone's
 * second job, and so on; among tenants the one that was served longest ago goes first, then the older head. Inside a
 * tenant it is the queue's own order (queue number, then admission), so that one tenant alone is served first come,
 * first served.
 *
 * With T tenants waiting, a tenant's head is served after at most T - 1 jobs of others, and what passes it inside
 * AFFINITY_WINDOW_MS: a tenant that is overtaken gets older in the order, never younger.
 */
export class FairQueue<T extends Waiting> {
  readonly #byId = new Map<string, T>()
  readonly #queues = new Map<string, T[]>()
  readonly #lastServed = new Map<string, number>()
  #served = 0

  get size(): number {
    return this.#byId.size
  }

  get(jobId: string): T | undefined {
    return this.#byId.get(jobId)
  }

  /** Every waiting job, in no order. */
  values(): Iterable<T> {
    return this.#byId.values()
  }

  /** Enters a job, or replaces what is known of it. */
  put(entry: T): void {
    this.remove(entry.job.id)
    this.#byId.set(entry.job.id, entry)
    const queue = this.#queues.get(entry.job.tenant) ?? []
    this.#queues.set(entry.job.tenant, queue)
    queue.splice(findPlace(queue, entry), 0, entry)
  }

  /** Takes a job out; removing nothing is no error. */
  remove(jobId: string): void {
    const entry = this.#byId.get(jobId)
    if (entry === undefined) return
    this.#byId.delete(jobId)
    const queue = this.#queues.get(entry.job.tenant) ?? []
    queue.splice(findPlace(queue, entry), 1)
    if (queue.length === 0) this.#queues.delete(entry.job.tenant)
  }

  clear(): void {
    this.#byId.clear()
    this.#queues.clear()
  }

  /** A job of this tenant was taken, by whomever. */
  noteServed(tenant: string): void {
    this.#served += 1
    this.#lastServed.set(tenant, this.#served)
    if (this.#lastServed.size > 2 * this.#queues.size + 1_000) this.#forgetAbsent()
  }

  /** The waiting jobs in fair order; nothing may be entered or removed while it is walked. */
  *inOrder(): Iterable<T> {
    const queues = [...this.#queues.entries()].sort(
      ([a, queueOfA], [b, queueOfB]) =>
        (this.#lastServed.get(a) ?? 0) - (this.#lastServed.get(b) ?? 0) ||
        (queueOfA[0]?.job.submittedAtMs ?? 0) - (queueOfB[0]?.job.submittedAtMs ?? 0),
    )
    for (let rank = 0, isMore = true; isMore; rank += 1) {
      isMore = false
      for (const [, queue] of queues) {
        const entry = queue[rank]
        if (entry === undefined) continue
        isMore = true
        yield entry
      }
    }
  }

  #forgetAbsent(): void {
    for (const tenant of this.#lastServed.keys())
      if (!this.#queues.has(tenant)) this.#lastServed.delete(tenant)
  }
}

/** Where the job is, or belongs, in a sorted queue. */
function findPlace(queue: readonly Waiting[], entry: Waiting): number {
  let [low, high] = [0, queue.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const other = queue[middle]
    if (other !== undefined && compare(other, entry) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function compare(a: Waiting, b: Waiting): number {
  return (
    a.job.queueNumber - b.job.queueNumber ||
    a.job.submittedAtMs - b.job.submittedAtMs ||
    a.sequence - b.sequence
  )
}
