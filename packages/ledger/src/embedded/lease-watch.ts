import { LEASE_MS } from '../job-state.ts'

/** A job that somebody holds, and until when by the clock of who wrote it, milliseconds since 1970 UTC. */
export interface HeldJob {
  readonly id: string
  readonly leaseUntil: number
}

/**
 * Which leases have run out, by this process's monotonic clock: those that were not renewed for LEASE_MS while it
 * watched. Only what was held before it began to watch is judged by the wall clock as well: after a power cut nobody
 * needs to wait. A clock that jumps while processes run takes no job away, and keeps none.
 */
export class LeaseWatch {
  readonly #elapsed: () => number
  #seen: ReadonlyMap<string, { readonly leaseUntil: number; readonly at: number }> | undefined

  /** @param elapsed a monotonic clock, milliseconds */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  /** Gives every lease its whole time again: it could not be renewed, through nobody's fault. */
  restart(): void {
    this.#seen = new Map()
  }

  /** Takes every held job of now; gives those whose lease has run out. */
  findExpired(held: readonly HeldJob[], now: number): HeldJob[] {
    const before = this.#seen
    const at = this.#elapsed()
    this.#seen = new Map(
      held.map(({ id, leaseUntil }) => {
        const known = before?.get(id)
        return [id, known?.leaseUntil === leaseUntil ? known : { leaseUntil, at }]
      }),
    )
    return held.filter(({ id, leaseUntil }) => {
      if (before === undefined) return leaseUntil < now
      return at - (this.#seen?.get(id)?.at ?? at) > LEASE_MS
    })
  }
}
