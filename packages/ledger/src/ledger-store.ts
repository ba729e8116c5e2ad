import type { BlobStore } from './blob-store.ts'
import type { DocumentStore, FileIndex, JobLedger } from './job-ledger.ts'
import type { NoticeBoard } from './notice-board.ts'
import type { StoreUse } from './store-use.ts'
import type { WorkerDirectory } from './worker-directory.ts'

/** Everything an implementation of the ledger gives; opened once by `main.ts` and handed to whoever needs a part. */
export interface LedgerStore {
  /** Embedded: one machine, workers look after each other's leases. NATS: many machines, gateways do. */
  readonly kind: 'embedded' | 'nats'
  readonly jobs: JobLedger
  readonly blobs: BlobStore
  readonly files: FileIndex
  readonly documents: DocumentStore
  readonly workers: WorkerDirectory
  readonly notices: NoticeBoard
  /** Why the ledger is known to be away, in a sentence, asking nobody; undefined: nothing is known against it. */
  findOutage(): string | undefined
  /** How full the bounded places are where jobs and pictures are kept; places without a known bound are left out. */
  readUse(): Promise<StoreUse[]>
  /**
   * Removes blobs of jobs that no record names any more, on one machine after what is older than it is kept. Any number
   * may do so at once; returns how many blobs went.
   */
  sweepBlobs(): Promise<number>
  /** Closes all parts. */
  close(): Promise<void>
}
