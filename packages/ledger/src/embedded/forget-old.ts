import { FolderKind, NamedFile } from '@atelier/proto'
import type { CommitQueue } from './commit-queue.ts'
import { toBytes, type EmbeddedDatabase } from './database.ts'

/** Rows looked at or removed at a time: between them other work goes on. */
const PAGE = 200
/** How long the entry of a worker that was killed is kept after it counted for nothing, milliseconds. */
const DEAD_WORKER_MS = 24 * 3_600_000

/** How long one machine keeps what has been made, milliseconds; Infinity: for ever. */
export interface Retention {
  /** Ended jobs, and with them the pictures nobody saved; temporary files. */
  readonly jobsMs: number
  /** Pictures that clients saved by name, as ComfyUI's output folder holds them. */
  readonly savedMs: number
}

/**
 * Forgets what is older than it is kept: records of ended jobs, names of temporary and of saved files, entries of dead
 * workers. What only they named is a matter of the sweep of blobs. What waits or runs, and uploads, stay.
 */
export async function forgetOld(
  database: EmbeddedDatabase,
  commits: CommitQueue,
  { retention, now }: { readonly retention: Retention; readonly now: number },
): Promise<void> {
  const jobs = database.prepare(
    'DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE ended_at > 0 AND ended_at < ? LIMIT ?)',
  )
  const workers = database.prepare(
    'DELETE FROM workers WHERE id IN (SELECT id FROM workers WHERE expires_at < ? LIMIT ?)',
  )
  const ages = [
    { remove: jobs, before: now - retention.jobsMs },
    { remove: workers, before: now - DEAD_WORKER_MS },
  ]
  for (const { remove, before } of ages) {
    if (before === -Infinity) continue
    while ((await commits.run('relaxed', () => remove.run(before, PAGE).changes)) === PAGE);
  }
  await forgetFiles(database, commits, {
    [FolderKind.FOLDER_KIND_TEMP]: now - retention.jobsMs,
    [FolderKind.FOLDER_KIND_OUTPUT]: now - retention.savedMs,
  })
}

/** Forgets names of files by folder that were stored before a time. */
async function forgetFiles(
  database: EmbeddedDatabase,
  commits: CommitQueue,
  before: Readonly<Record<number, number>>,
): Promise<void> {
  const page = database.prepare(
    'SELECT rowid, folder, file FROM files WHERE rowid > ? AND folder IN (?, ?) ORDER BY rowid LIMIT ?',
  )
  const remove = database.prepare('DELETE FROM files WHERE rowid = ?')
  const folders = Object.keys(before).map(Number)
  for (let last = -1; ;) {
    const rows = page.all(last, ...folders, PAGE) as FileRow[]
    const old = rows.filter(({ folder, file }) => {
      const { storedAtMs } = NamedFile.decode(toBytes(file))
      return storedAtMs > 0 && storedAtMs < (before[folder] ?? -Infinity)
    })
    if (old.length > 0) await commits.run('relaxed', () => old.forEach(({ rowid }) => remove.run(rowid)))
    if (rows.length < PAGE) return
    last = rows.at(-1)!.rowid
  }
}

interface FileRow {
  readonly rowid: number
  readonly folder: number
  readonly file: Uint8Array | ArrayBuffer
}
