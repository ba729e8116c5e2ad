import { BLOB_MARGIN_HOURS } from '../blob-store.ts'
import { FallbackBlobStore } from '../fallback-blob-store.ts'
import type { LedgerEventListener } from '../ledger-events.ts'
import type { LedgerStore } from '../ledger-store.ts'
import { S3BlobStore } from '../s3/s3-blob-store.ts'
import type { S3Settings } from '../s3/settings.ts'
import { Bucket } from './bucket.ts'
import { Counters } from './counters.ts'
import { JobView } from './job-view.ts'
import { NatsLink } from './link.ts'
import { NatsBlobStore } from './nats-blob-store.ts'
import { NatsJobLedger } from './nats-job-ledger.ts'
import { createNatsNoticeBoard } from './nats-notice-board.ts'
import { createDocumentStore, createFileIndex, type FileName } from './nats-stores.ts'
import { readNatsUse } from './nats-use.ts'
import { NatsWorkerDirectory } from './nats-worker-directory.ts'
import { Presence } from './presence.ts'
import { PublicIds } from './public-ids.ts'
import { RecordStore } from './record-store.ts'
import type { NatsSettings } from './settings.ts'
import { sweepUploads, type SweepUploadsOptions } from './sweep-uploads.ts'
import { WorkQueue } from './work-queue.ts'

export type { NatsSettings } from './settings.ts'

const MS_PER_HOUR = 3_600_000
const BLOB_MARGIN_MS = BLOB_MARGIN_HOURS * MS_PER_HOUR
/** Least time between two sweeps of uploads, milliseconds: every gateway asks for one each hour. */
const SWEEP_REST_MS = 0.9 * MS_PER_HOUR

/** What the NATS ledger is opened with. */
export interface NatsOptions {
  readonly settings: NatsSettings
  /** Keeps blobs in an S3 store instead of the broker; those the broker holds are still found. */
  readonly s3?: S3Settings | undefined
  readonly onEvent?: LedgerEventListener
  /** Milliseconds since 1970 UTC; tests move it. */
  readonly now?: () => number
  /** A monotonic clock, milliseconds; tests move it. */
  readonly elapsed?: () => number
}

/** A ledger shared over NATS. */
export interface NatsLedgerStore extends LedgerStore {
  /** Resolves when the broker was reached and its streams are in place. */
  ready(): Promise<void>
}

/**
 * Opens the ledger of many machines. It is there at once: until the broker is reached, and whenever it is away, calls
 * wait a while and then fail as `unavailable`; the connection is made again for ever.
 */
export function openNatsLedger({
  settings,
  s3,
  onEvent,
  now = Date.now,
  elapsed = () => performance.now(),
}: NatsOptions): NatsLedgerStore {
  const link = new NatsLink(settings, onEvent)
  const objects =
    s3 && new S3BlobStore(s3, ({ message }) => link.emit({ kind: 'storage-full', subject: message }))
  const inBroker = new NatsBlobStore(link, now)
  const blobs = objects === undefined ? inBroker : new FallbackBlobStore(objects, inBroker)
  const uploads: SweepUploadsOptions = {
    stores: objects === undefined ? [inBroker] : [objects, inBroker],
    files: new Bucket(link, link.names.files),
    marks: new Bucket(link, link.names.unnamed),
    keepMs: settings.retentionHours * MS_PER_HOUR + BLOB_MARGIN_MS,
    ...{ youngMs: BLOB_MARGIN_MS, restMs: SWEEP_REST_MS, now },
  }
  const view = new JobView(link, elapsed, settings.endedKnown)
  const queue = new WorkQueue(link, elapsed)
  const workers = new NatsWorkerDirectory(link, blobs, elapsed)
  const files = createFileIndex(link, (tenant, file) => findInRecords(view, tenant, file))
  const jobs = new NatsJobLedger({
    link,
    view,
    queue,
    files,
    now,
    elapsed,
    records: new RecordStore(link, blobs, (known) => view.apply(known)),
    publicIds: new PublicIds(link),
    counters: new Counters(link),
    presence: new Presence(link, elapsed),
    workers,
  })
  return {
    kind: 'nats',
    jobs,
    blobs,
    files,
    workers,
    documents: createDocumentStore(link),
    notices: createNatsNoticeBoard(link),
    ready: () => link.ready(),
    findOutage: () => link.outage,
    readUse: () => readNatsUse(link),
    // Blobs of jobs in the broker it forgets by itself.
    sweepBlobs: async () => ((await objects?.sweep()) ?? 0) + (await sweepUploads(uploads)),
    async close() {
      await jobs.close()
      workers.close()
      await link.close()
    },
  }
}

function findInRecords(view: JobView, tenant: string, wanted: FileName) {
  for (const entry of view.entries) {
    if (entry.tenant !== tenant) continue
    const file = entry.record?.result?.files.find(
      ({ folder, subfolder, name }) =>
        folder === wanted.folder && subfolder === wanted.subfolder && name === wanted.name,
    )
    if (file !== undefined) return file
  }
  return undefined
}
