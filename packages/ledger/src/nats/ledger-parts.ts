import type { FileIndex } from '../job-ledger.ts'
import type { Counters } from './counters.ts'
import type { JobView } from './job-view.ts'
import type { NatsLink } from './link.ts'
import type { NatsWorkerDirectory } from './nats-worker-directory.ts'
import type { Presence } from './presence.ts'
import type { PublicIds } from './public-ids.ts'
import type { RecordStore } from './record-store.ts'
import type { WorkQueue } from './work-queue.ts'

/** What the ledger is built from. */
export interface NatsJobLedgerParts {
  readonly link: NatsLink
  readonly records: RecordStore
  readonly view: JobView
  readonly queue: WorkQueue
  readonly publicIds: PublicIds
  readonly counters: Counters
  readonly files: FileIndex
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  /** A monotonic clock, milliseconds. */
  readonly elapsed: () => number
  readonly workers: NatsWorkerDirectory
  readonly presence: Presence
}
