import { NamedFile, WorkerDescription, type FolderKind } from '@atelier/proto'
import type { DocumentStore, FileIndex } from '../job-ledger.ts'
import { WORKER_ENTRY_TTL_MS, type WorkerDirectory } from '../worker-directory.ts'
import { toBytes, transact, type EmbeddedDatabase } from './database.ts'
import { tellDiskFaults } from './disk-faults.ts'
import type { Doorbell } from './doorbell.ts'

/** The index of named files, in the embedded database. */
export function createFileIndex(database: EmbeddedDatabase): FileIndex {
  const key = 'tenant = ? AND folder = ? AND subfolder = ? AND name = ?'
  const decode = (row: unknown) => NamedFile.decode(toBytes((row as { file: Uint8Array }).file))
  return tellDiskFaults<FileIndex>({
    async put(tenant, file) {
      database
        .prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)')
        .run(tenant, file.folder, file.subfolder, file.name, Buffer.from(NamedFile.encode(file).finish()))
    },
    async find(tenant, folder, subfolder, name) {
      const row = database.prepare(`SELECT file FROM files WHERE ${key}`).get(tenant, folder, subfolder, name)
      return row === undefined ? undefined : decode(row)
    },
    async list(tenant: string, folder: FolderKind) {
      const rows = database
        .prepare('SELECT file FROM files WHERE tenant = ? AND folder = ? ORDER BY subfolder, name')
        .all(tenant, folder)
      return rows.map(decode)
    },
    async remove(tenant, folder, subfolder, name) {
      return (
        database.prepare(`DELETE FROM files WHERE ${key}`).run(tenant, folder, subfolder, name).changes > 0
      )
    },
  })
}

/** The document store, in the embedded database. */
export function createDocumentStore(database: EmbeddedDatabase): DocumentStore {
  const readRow = (tenant: string, key: string) =>
    database
      .prepare('SELECT value, revision FROM documents WHERE tenant = ? AND key = ?')
      .get(tenant, key) as { value: string; revision: number } | undefined
  return tellDiskFaults<DocumentStore>({
    async read(tenant, key) {
      const row = readRow(tenant, key)
      return row && { value: JSON.parse(row.value) as unknown, revision: row.revision }
    },
    async write(tenant, key, value, expectedRevision) {
      return transact(database, () => {
        const revision = readRow(tenant, key)?.revision ?? 0
        if (expectedRevision !== undefined && expectedRevision !== revision) return false
        database
          .prepare('INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?)')
          .run(tenant, key, JSON.stringify(value), revision + 1)
        return true
      })
    },
    async remove(tenant, key) {
      return (
        database.prepare('DELETE FROM documents WHERE tenant = ? AND key = ?').run(tenant, key).changes > 0
      )
    },
    async list(tenant, prefix) {
      const rows = database
        .prepare('SELECT key FROM documents WHERE tenant = ? AND substr(key, 1, ?) = ? ORDER BY key')
        .all(tenant, prefix.length, prefix)
      return rows.map((row) => (row as { key: string }).key)
    },
  })
}

/** Least time between two readings of the directory, milliseconds. */
const LIST_PAUSE_MS = 100

/** The worker directory, in the embedded database. */
export function createWorkerDirectory(
  database: EmbeddedDatabase,
  bell: Doorbell,
  now: () => number,
): WorkerDirectory {
  const list = async (): Promise<WorkerDescription[]> =>
    database
      // An entry that lasts longer than any can was written before the clock jumped back: its worker renews it soon.
      .prepare('SELECT worker FROM workers WHERE expires_at > ? AND expires_at <= ? ORDER BY id')
      .all(now(), now() + WORKER_ENTRY_TTL_MS)
      .map((row) => WorkerDescription.decode(toBytes((row as { worker: Uint8Array }).worker)))
  return {
    async put(worker) {
      const bytes = Buffer.from(WorkerDescription.encode(worker).finish())
      database
        .prepare('INSERT OR REPLACE INTO workers VALUES (?, ?, ?)')
        .run(worker.id, now() + WORKER_ENTRY_TTL_MS, bytes)
      bell.ring()
    },
    async remove(workerId) {
      database.prepare('DELETE FROM workers WHERE id = ?').run(workerId)
      bell.ring()
    },
    list,
    async *watch(signal) {
      let told: string | undefined
      while (!signal.aborted) {
        const workers = await list()
        const digest = workers
          .map((worker) => Buffer.from(WorkerDescription.encode(worker).finish()).toString('base64'))
          .join()
        if (digest !== told) {
          told = digest
          yield workers
          continue
        }
        await bell.next(signal)
        // The bell rings for every change of a job: the list is not worth reading that often.
        await new Promise((resolve) => setTimeout(resolve, LIST_PAUSE_MS).unref())
      }
    },
  }
}
