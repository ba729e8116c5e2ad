import type { LedgerStore } from '../ledger-store.ts'
import { createLocalNoticeBoard } from '../notice-board.ts'
import { CommitQueue } from './commit-queue.ts'
import { openDatabase } from './database.ts'
import { readDiskUse } from './disk-use.ts'
import { Doorbell } from './doorbell.ts'
import { createBlobStore } from './embedded-blob-store.ts'
import { forgetOld, type Retention } from './forget-old.ts'
import { sweepEmbeddedBlobs } from './sweep-blobs.ts'
import { EmbeddedJobLedger } from './embedded-job-ledger.ts'
import { createDocumentStore, createFileIndex, createWorkerDirectory } from './embedded-stores.ts'

/** What the embedded ledger is opened with. */
export interface EmbeddedOptions {
  /** Data folder; made when it is not there. */
  readonly folder: string
  /** How long what has been made is kept; absent: for ever. */
  readonly retention?: Retention
  /** Milliseconds since 1970 UTC; tests move it. */
  readonly now?: () => number
  /** A monotonic clock, milliseconds; tests move it. */
  readonly elapsed?: () => number
}

/**
 * Opens the ledger of one machine: a database and a folder of blobs, shared by every process that opens the same
 * folder. What a promise has acknowledged survives `kill -9` and power cuts.
 * @throws AtelierError `unavailable` when the folder cannot be used
 */
export async function openEmbeddedLedger({
  folder,
  retention = { jobsMs: Infinity, savedMs: Infinity },
  now = Date.now,
  elapsed = () => performance.now(),
}: EmbeddedOptions): Promise<LedgerStore> {
  const database = openDatabase(folder)
  const bell = await Doorbell.open(folder)
  const commits = new CommitQueue(database)
  return {
    kind: 'embedded',
    jobs: new EmbeddedJobLedger(database, bell, { now, elapsed }, commits),
    blobs: createBlobStore({ folder, database, commits }),
    files: createFileIndex(database),
    documents: createDocumentStore(database),
    notices: createLocalNoticeBoard(),
    workers: createWorkerDirectory(database, bell, now),
    findOutage: () => undefined,
    readUse: () => readDiskUse(folder),
    async sweepBlobs() {
      await forgetOld(database, commits, { retention, now: now() })
      return sweepEmbeddedBlobs(database, folder, now())
    },
    async close() {
      bell.close()
      database.close()
    },
  }
}
