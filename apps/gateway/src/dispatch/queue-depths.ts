import { JobState, type JobRecord } from '@atelier/proto'
import type { QueueDepth } from './admission.ts'

/** Counts the jobs that wait, in all and by tenant, as their records change. */
export class QueueDepths {
  readonly #byTenant = new Map<string, number>()
  #all = 0

  /** Takes a job's newest record in place of the one before; undefined: there was or is none. */
  update(before: JobRecord | undefined, after: JobRecord | undefined): void {
    this.#add(before, -1)
    this.#add(after, 1)
  }

  /** How many jobs wait, in all and for a tenant. */
  read(tenant: string): QueueDepth {
    return { all: this.#all, tenant: this.#byTenant.get(tenant) ?? 0 }
  }

  #add(record: JobRecord | undefined, change: 1 | -1): void {
    if (record?.job === undefined || record.state !== JobState.JOB_STATE_QUEUED) return
    const { tenant } = record.job
    this.#all += change
    const count = (this.#byTenant.get(tenant) ?? 0) + change
    if (count === 0) this.#byTenant.delete(tenant)
    else this.#byTenant.set(tenant, count)
  }
}
