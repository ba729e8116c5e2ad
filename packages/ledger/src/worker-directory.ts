import type { WorkerDescription } from '@atelier/proto'

/** Which workers live, what they can load and where to dial them. Entries vanish when not renewed. */
export interface WorkerDirectory {
  /** Enters or renews a worker; the entry lives WORKER_ENTRY_TTL_MS. */
  put(worker: WorkerDescription): Promise<void>
  /** Removes a worker at once. */
  remove(workerId: string): Promise<void>
  /** The living workers, by id. */
  list(): Promise<WorkerDescription[]>
  /** The whole list, now and after every change, until the signal aborts. */
  watch(signal: AbortSignal): AsyncIterable<WorkerDescription[]>
}

/** Life of an unrenewed directory entry, milliseconds. */
export const WORKER_ENTRY_TTL_MS = 15_000
/** How often workers renew their entry, milliseconds. */
export const WORKER_HEARTBEAT_MS = 5_000
