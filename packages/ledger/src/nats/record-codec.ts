import { Job, JobRecord, JobResult, JobState, type BlobRef } from '@atelier/proto'
import type { BlobStore } from '../blob-store.ts'
import { AtelierError } from '../errors.ts'
import type { LedgerEventListener } from '../ledger-events.ts'

/** Version of the layout records are stored with. */
export const RECORD_VERSION = 1
/** Records above this size keep their job or result as blobs of their own: each change rewrites the record, bytes. */
export const INLINE_LIMIT_BYTES = 32 * 1024
/** The largest job or result that is taken, bytes. */
const PART_LIMIT_BYTES = 64 * 1024 * 1024

const STATES: ReadonlySet<number> = new Set(Object.values(JobState).filter((state) => state > 0))
const PART_MEDIA_TYPE = 'application/x-protobuf'

/** The key of a record: tenants and job ids are safe as subject tokens, and nothing else is taken. */
export function toRecordKey(tenant: string, jobId: string): string {
  if (!isRecordKey(tenant, jobId))
    throw new AtelierError('invalid-request', `"${tenant}/${jobId}" cannot name a job`)
  return `${tenant}.${jobId}`
}

/** Whether they can name a record. */
export function isRecordKey(tenant: string, jobId: string): boolean {
  return /^[a-z0-9-]{1,64}$/.test(tenant) && /^[\w-]{1,64}$/.test(jobId)
}

/** A job without the parts that only its engine and its answer need. */
export function trimJob(job: Job): Job {
  const { kind: _kind, surfaceNote: _note, ...rest } = job
  return { ...rest, surfaceNote: '' } as Job
}

/** Bytes of a record as it is stored; a large job or result is stored aside first. */
export async function encodeRecord(record: JobRecord, blobs: BlobStore): Promise<Uint8Array> {
  const whole = encodeWith(record, record.jobBlob, record.resultBlob)
  if (whole.length <= INLINE_LIMIT_BYTES) return whole
  const jobBlob =
    record.jobBlob ?? (await storePart(blobs, record, 'job', record.job && Job.encode(record.job).finish()))
  const lighter = encodeWith(record, jobBlob, record.resultBlob)
  if (lighter.length <= INLINE_LIMIT_BYTES) return lighter
  const result = record.result && JobResult.encode(record.result).finish()
  return encodeWith(record, jobBlob, record.resultBlob ?? (await storePart(blobs, record, 'result', result)))
}

function encodeWith(
  record: JobRecord,
  jobBlob: BlobRef | undefined,
  resultBlob: BlobRef | undefined,
): Uint8Array {
  return JobRecord.encode({
    ...record,
    formatVersion: RECORD_VERSION,
    job: jobBlob && record.job ? trimJob(record.job) : record.job,
    result: resultBlob ? undefined : record.result,
    jobBlob,
    resultBlob,
  }).finish()
}

async function storePart(
  blobs: BlobStore,
  record: JobRecord,
  name: string,
  bytes: Uint8Array | undefined,
): Promise<BlobRef | undefined> {
  if (bytes === undefined) return undefined
  const id = record.job?.id ?? ''
  if (bytes.length > PART_LIMIT_BYTES)
    throw new AtelierError(
      'invalid-request',
      `the ${name} of job ${id} has ${bytes.length} bytes, at most ${PART_LIMIT_BYTES} are taken`,
    )
  return blobs.put(`records/${id}/${record.epoch}/${name}`, bytes, PART_MEDIA_TYPE)
}

/**
 * A stored record, its large parts still aside; undefined when it cannot be used: no valid protobuf, another key than
 * its own, or written by a newer program. Told to the listener.
 */
export function decodeRecord(
  key: string,
  bytes: Uint8Array,
  emit: LedgerEventListener,
): JobRecord | undefined {
  try {
    const record = JobRecord.decode(bytes)
    if (record.formatVersion > RECORD_VERSION) {
      emit({ kind: 'newer-format', subject: key })
      return undefined
    }
    const { job, state } = record
    if (job === undefined || `${job.tenant}.${job.id}` !== key || !STATES.has(state))
      throw new Error('it is not the record of its key')
    return record
  } catch (cause) {
    emit({ kind: 'unreadable', subject: key, cause })
    return undefined
  }
}

/** A record with its large parts, as everyone outside the ledger sees it. */
export async function completeRecord(record: JobRecord, blobs: BlobStore): Promise<JobRecord> {
  const { jobBlob, resultBlob } = record
  if (jobBlob === undefined && resultBlob === undefined) return record
  const [job, result] = await Promise.all([
    jobBlob && blobs.read(jobBlob),
    resultBlob && blobs.read(resultBlob),
  ])
  return {
    ...record,
    job: job === undefined ? record.job : Job.decode(job),
    result: result === undefined ? record.result : JobResult.decode(result),
  }
}
