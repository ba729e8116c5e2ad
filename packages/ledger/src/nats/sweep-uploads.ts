import { FolderKind, NamedFile } from '@atelier/proto'
import { UPLOAD_KEY, type StoredUpload, type UploadStore } from '../blob-store.ts'
import type { Bucket, Keyed } from './bucket.ts'

/** Key of the last sweep in the bucket of marks. */
const LAST_SWEEP = 'sweep'
const MARK = new Uint8Array()

/** What is swept, and how patiently. */
export interface SweepUploadsOptions {
  readonly stores: readonly UploadStore[]
  /** The index of named files. */
  readonly files: Bucket
  /** Since when uploads have no name. */
  readonly marks: Bucket
  /** How long an upload must have had no name, milliseconds: longer than any record that names it is kept. */
  readonly keepMs: number
  /** What was stored within this time is left alone, milliseconds: somebody may be about to name it. */
  readonly youngMs: number
  /** Least time between two sweeps of the installation, milliseconds. */
  readonly restMs: number
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
}

/**
 * Removes uploads that no name leads to any more, for they were written over or removed: when they have had no name for
 * longer than records are kept, for a job that waits may still read them. Names of results that have gone by their age go,
 * too. Any number of processes may sweep at once, and each may die at any point. Returns how many uploads went.
 *
 * An upload that is stored again while it is judged stays: storing renews its age (see `put`), and the age is looked at
 * again when it is removed.
 */
export async function sweepUploads(options: SweepUploadsOptions): Promise<number> {
  const { stores, files, marks } = options
  const startedAtMs = await beginSweep(options)
  if (startedAtMs === undefined) return 0
  const named = await readNames(files, startedAtMs - options.keepMs)
  const marked = new Map((await marks.readAll()).map((mark) => [mark.key, mark]))
  let count = 0
  for (const store of stores)
    for await (const upload of store.listUploads()) {
      const key = toMarkKey(upload.key)
      const mark = marked.get(key)
      if (named.has(upload.key)) {
        if (mark !== undefined) await marks.erase(mark)
      } else if (upload.ageMs >= options.youngMs) {
        if (mark === undefined || isOutdated(mark, upload, startedAtMs)) await marks.put(key, MARK)
        else if (startedAtMs - mark.storedAtMs >= options.keepMs)
          count += Number(await store.removeOld(upload.key, options.youngMs))
      }
    }
  return count
}

/** The broker's time, by which marks are judged; undefined when another process swept a while ago or begins now. */
async function beginSweep({ marks, restMs, now }: SweepUploadsOptions): Promise<number | undefined> {
  const last = await marks.find(LAST_SWEEP)
  if ('value' in last && Math.abs(now() - last.storedAtMs) < restMs) return undefined
  if ((await marks.replace(LAST_SWEEP, MARK, last.revision)) === undefined) return undefined
  return (await marks.read(LAST_SWEEP))?.storedAtMs
}

/**
 * Keys of the blobs that have a name. Names of results stored before a time are taken out: nothing lies there any more.
 * @throws Error when an entry cannot be read: what it names is not known
 */
async function readNames(files: Bucket, before: number): Promise<ReadonlySet<string>> {
  const named = new Set<string>()
  for (const entry of await files.readAll()) {
    const { blob, folder, storedAtMs } = NamedFile.decode(entry.value)
    if (blob === undefined) continue
    const isPassing = folder !== FolderKind.FOLDER_KIND_INPUT && blob.key.startsWith('results/')
    if (isPassing && storedAtMs > 0 && storedAtMs < before) await files.erase(entry)
    else named.add(blob.key)
  }
  return named
}

/** Whether the upload was stored after the mark was set: it had a name since. */
function isOutdated({ storedAtMs }: Keyed, { ageMs }: StoredUpload, now: number): boolean {
  return now - storedAtMs > ageMs
}

function toMarkKey(key: string): string {
  const [, tenant = '', hash = ''] = UPLOAD_KEY.exec(key) ?? []
  return `${tenant}.${hash}`
}
