import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { toBytes, type EmbeddedDatabase } from './database.ts'

/** How old a blob must be before nobody can be about to name it, milliseconds. */
export const ORPHAN_AGE_MS = 24 * 3_600_000
/** Rows read at a time: between them other work goes on. */
const PAGE = 200
/** Kinds of blobs that go when nothing names them. */
const SWEPT_KINDS = ['requests', 'results', 'inputs'] as const
/** Their keys, wherever a record or a named file mentions them. */
const SWEPT_KEY = /(?:requests|results|inputs)\/[\w-]+\/[0-9a-f]+(?:\/\d+)?/g

/**
 * Removes blobs that no record and no named file mentions: pictures of requests whose job was forgotten, results of
 * executions that lost their lease, uploads that were written over. Returns how many went.
 */
export async function sweepEmbeddedBlobs(
  database: EmbeddedDatabase,
  folder: string,
  now: number,
): Promise<number> {
  const old = await listOld(folder, now - ORPHAN_AGE_MS)
  // Rows have no age: those of a job that has not ended may be about to be named.
  const rows = await listSettledRows(database)
  if (old.length + rows.length === 0) return 0
  const named = new Set([
    ...(await listMentioned(
      database,
      'SELECT rowid, record AS bytes FROM jobs WHERE rowid > ? ORDER BY rowid LIMIT ?',
    )),
    ...(await listMentioned(
      database,
      'SELECT rowid, file AS bytes FROM files WHERE rowid > ? ORDER BY rowid LIMIT ?',
    )),
  ])
  const lostRows = rows.filter((key) => !named.has(key))
  const remove = database.prepare('DELETE FROM blobs WHERE key = ?')
  for (const key of lostRows) {
    remove.run(key)
    await nextTurn()
  }
  const orphans = old.filter((key) => !named.has(key))
  for (const key of orphans) await rm(join(folder, 'blobs', key), { force: true })
  for (const parent of new Set(orphans.map((key) => key.slice(0, key.lastIndexOf('/')))))
    await removeEmpty(join(folder, 'blobs'), parent)
  return orphans.length + lostRows.length
}

/** Keys of small results whose job has ended, or is not there. */
async function listSettledRows(database: EmbeddedDatabase): Promise<string[]> {
  const page = database.prepare('SELECT key FROM blobs WHERE key > ? ORDER BY key LIMIT ?')
  const find = database.prepare('SELECT ended_at AS endedAt FROM jobs WHERE id = ?')
  const settled: string[] = []
  let last = ''
  for (;;) {
    const rows = page.all(last, PAGE) as { key: string }[]
    for (const { key } of rows) {
      last = key
      const job = find.get(key.split('/')[1] ?? '') as { endedAt: number } | undefined
      if (key.startsWith('results/') && (job === undefined || job.endedAt > 0)) settled.push(key)
    }
    if (rows.length < PAGE) return settled
    await nextTurn()
  }
}

/** Keys of blobs that were written before a time. */
async function listOld(folder: string, before: number): Promise<string[]> {
  const root = join(folder, 'blobs')
  const keys: string[] = []
  for (const kind of SWEPT_KINDS) {
    const entries = await readdir(join(root, kind), { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const key = path.slice(root.length + 1).replaceAll('\\', '/')
      // What nobody could find mentioned is not taken for what nobody mentions.
      if (key.replace(SWEPT_KEY, '') !== '') continue
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }))
      if (mtimeMs < before) keys.push(key)
    }
  }
  return keys
}

async function listMentioned(database: EmbeddedDatabase, query: string): Promise<Set<string>> {
  const mentioned = new Set<string>()
  const page = database.prepare(query)
  let last = -1
  for (;;) {
    const rows = page.all(last, PAGE) as { rowid: number; bytes: Uint8Array | ArrayBuffer }[]
    for (const { rowid, bytes } of rows) {
      last = rowid
      // Keys are ASCII, and stand in protobuf and in JSON as they are.
      for (const [key] of Buffer.from(toBytes(bytes)).toString('latin1').matchAll(SWEPT_KEY))
        mentioned.add(key)
    }
    if (rows.length < PAGE) return mentioned
    await nextTurn()
  }
}

/** Removes a folder and those above it as long as they are empty. */
async function removeEmpty(root: string, folder: string): Promise<void> {
  for (let path = folder; path.includes('/'); path = path.slice(0, path.lastIndexOf('/'))) {
    const isGone = await rmdir(join(root, path)).then(
      () => true,
      () => false,
    )
    if (!isGone) return
  }
}
