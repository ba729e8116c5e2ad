import type { Job } from '@atelier/proto'

/**
 * How much younger a job may be that passes another one because its checkpoint is loaded, and how long the head of the
 * queue may be passed over by a worker, milliseconds. The first bounds whom a job waits for, the second for how long.
 */
export const AFFINITY_WINDOW_MS = 10_000
/** How many waiting jobs are looked at for one whose checkpoint is loaded. */
const LOOKED_AT = 200

/** Something that waits for a worker. */
export interface Candidate {
  readonly job?: Job | undefined
}

/**
 * Picks for one worker, from jobs in queue order: the head, or the first one whose checkpoint is loaded. A job is passed
 * only by jobs admitted within AFFINITY_WINDOW_MS after it, so that a backlog is worked off in batches of one checkpoint,
 * and the head for no longer than that from the first time, so that no flood of another checkpoint keeps it waiting.
 */
export class CandidateChooser {
  /** The head that was passed over last, and since when, by a monotonic clock, milliseconds. */
  #passed = { id: '', since: 0 }

  /** The job to take; undefined when none waits. Looks no further than it must. */
  choose<T extends Candidate>(
    waiting: Iterable<T>,
    residentIdentities: readonly string[],
    elapsed: number,
  ): T | undefined {
    let head: T | undefined
    let looked = 0
    /** The first job of each tenant. */
    const firsts = new Map<string, T>()
    for (const candidate of waiting) {
      head ??= candidate
      // A negative number asks to go ahead of everyone.
      if ((head.job?.queueNumber ?? 0) < 0 || looked === LOOKED_AT) return head
      looked += 1
      const tenant = candidate.job?.tenant ?? ''
      const first = firsts.get(tenant) ?? candidate
      firsts.set(tenant, first)
      const checkpoint = candidate.job?.models[0]?.identity
      if (checkpoint !== undefined && !residentIdentities.includes(checkpoint)) continue
      if (candidate === head) return head
      const oldest = Math.min(admittedAt(head), admittedAt(first))
      if (admittedAt(candidate) - oldest > AFFINITY_WINDOW_MS) continue
      return this.#mayPass(head, elapsed) ? candidate : head
    }
    return head
  }

  #mayPass({ job }: Candidate, elapsed: number): boolean {
    if (this.#passed.id !== job?.id) this.#passed = { id: job?.id ?? '', since: elapsed }
    return elapsed - this.#passed.since <= AFFINITY_WINDOW_MS
  }
}

function admittedAt({ job }: Candidate): number {
  return job?.submittedAtMs ?? 0
}
