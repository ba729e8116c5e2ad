import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream'
import { BLOB_MARGIN_HOURS } from '../blob-store.ts'
import { WORKER_ENTRY_TTL_MS } from '../worker-directory.ts'
import type { NatsSettings } from './settings.ts'

/** Names of everything an installation keeps in the broker. */
export interface Names {
  /** KV buckets. */
  readonly jobs: string
  readonly publicIds: string
  readonly counters: string
  readonly documents: string
  readonly files: string
  readonly workers: string
  /** Since when uploads have no name. */
  readonly unnamed: string
  /** Object stores: what jobs make and are given, and what clients keep. */
  readonly results: string
  readonly uploads: string
  /** The stream of work messages, and the subject below which they lie. */
  readonly work: string
  readonly workSubject: string
  /** Core subject on which claimed and cancelled jobs are told. */
  readonly takenSubject: string
  /** Core subject below which each process that holds jobs answers. */
  readonly holderSubject: string
  /** Core subject below which processes tell each other notices. */
  readonly noticeSubject: string
}

/** The names of an installation. */
export function createNames(prefix: string): Names {
  return {
    jobs: `${prefix}-jobs`,
    publicIds: `${prefix}-public-ids`,
    counters: `${prefix}-counters`,
    documents: `${prefix}-documents`,
    files: `${prefix}-files`,
    workers: `${prefix}-workers`,
    unnamed: `${prefix}-unnamed`,
    results: `${prefix}-results`,
    uploads: `${prefix}-uploads`,
    work: `${prefix}-work`,
    workSubject: `${prefix}.work`,
    takenSubject: `${prefix}.taken`,
    holderSubject: `${prefix}.holder`,
    noticeSubject: `${prefix}.notice`,
  }
}

/** A stream as it is declared; what is not named is the broker's default. */
export type DeclaredStream = Partial<StreamConfig> & { readonly name: string }

const NANOS_PER_MS = 1_000_000
const NANOS_PER_HOUR = 3_600_000 * NANOS_PER_MS
/** Work messages beyond the limit of waiting jobs: those of jobs that were cancelled a moment ago. */
const WORK_HEADROOM = 1_000

/** Every stream of an installation. Buckets are streams: the KV and object store clients only bind to them. */
export function declareStreams(names: Names, settings: NatsSettings, replicas: number): DeclaredStream[] {
  const retention = settings.retentionHours * NANOS_PER_HOUR
  const base = {
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    allow_direct: true,
  } as const
  const bucket = (name: string, maxAge: number): DeclaredStream => ({
    ...base,
    name: `KV_${name}`,
    subjects: [`$KV.${name}.>`],
    max_msgs_per_subject: 1,
    allow_rollup_hdrs: true,
    max_age: maxAge,
  })
  const objects = (name: string, maxAge: number, maxBytes: number): DeclaredStream => ({
    ...base,
    name: `OBJ_${name}`,
    subjects: [`$O.${name}.C.>`, `$O.${name}.M.>`],
    allow_rollup_hdrs: true,
    max_age: maxAge,
    max_bytes: maxBytes,
  })
  return [
    bucket(names.jobs, retention),
    bucket(names.publicIds, retention),
    bucket(names.counters, 0),
    bucket(names.documents, 0),
    bucket(names.files, 0),
    bucket(names.workers, WORKER_ENTRY_TTL_MS * NANOS_PER_MS),
    // Longer than a mark is waited for: a mark that goes begins anew.
    bucket(names.unnamed, 2 * (retention + BLOB_MARGIN_HOURS * NANOS_PER_HOUR)),
    objects(names.results, retention + BLOB_MARGIN_HOURS * NANOS_PER_HOUR, settings.maxResultBytes),
    objects(names.uploads, 0, -1),
    {
      ...base,
      name: names.work,
      subjects: [`${names.workSubject}.>`],
      max_msgs_per_subject: 1,
      max_msgs: settings.maxQueued + WORK_HEADROOM,
      max_age: retention,
    },
  ]
}
