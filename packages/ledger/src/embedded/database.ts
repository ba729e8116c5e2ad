import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { AtelierError } from '../errors.ts'

/** A handle on the embedded database. */
export type EmbeddedDatabase = InstanceType<typeof Database>

/** How long a writer waits for another process's transaction, milliseconds. */
export const BUSY_TIMEOUT_MS = 10_000

/** Schema by version; each entry brings the database from its index to the next version. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE clock (id INTEGER PRIMARY KEY CHECK (id = 1), change INTEGER NOT NULL);
  INSERT INTO clock VALUES (1, 0);
  CREATE TABLE jobs (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, surface INTEGER NOT NULL, public_id TEXT NOT NULL, digest TEXT NOT NULL,
    state INTEGER NOT NULL, queue_number REAL NOT NULL, lease_until INTEGER NOT NULL, ended_at INTEGER NOT NULL,
    submitted INTEGER NOT NULL, change INTEGER NOT NULL, record BLOB NOT NULL
  );
  CREATE INDEX jobs_by_state ON jobs (state, queue_number, submitted);
  CREATE INDEX jobs_by_public_id ON jobs (tenant, surface, public_id, submitted);
  CREATE INDEX jobs_by_change ON jobs (change);
  CREATE INDEX jobs_by_end ON jobs (ended_at);
  CREATE TABLE files (
    tenant TEXT NOT NULL, folder INTEGER NOT NULL, subfolder TEXT NOT NULL, name TEXT NOT NULL, file BLOB NOT NULL,
    PRIMARY KEY (tenant, folder, subfolder, name)
  );
  CREATE TABLE documents (
    tenant TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, revision INTEGER NOT NULL, PRIMARY KEY (tenant, key)
  );
  CREATE TABLE counters (tenant TEXT NOT NULL, name TEXT NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (tenant, name));
  CREATE TABLE workers (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL, worker BLOB NOT NULL);
  `,
  `CREATE TABLE blobs (key TEXT PRIMARY KEY, bytes BLOB NOT NULL);`,
]

/**
 * Opens the database of a data folder, making or upgrading it: write-ahead log, and a full sync at each commit, so
 * that what was acknowledged survives a power cut.
 * @throws AtelierError `unavailable` when the folder cannot be written or the database is newer than this program
 */
export function openDatabase(folder: string): EmbeddedDatabase {
  try {
    mkdirSync(folder, { recursive: true })
    const database = new Database(join(folder, 'ledger.db'))
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    migrate(database)
    return database
  } catch (cause) {
    throw new AtelierError('unavailable', `the ledger in ${folder} cannot be opened: ${String(cause)}`, {
      cause,
    })
  }
}

/** Runs work in an immediate transaction: it sees and changes one state of the database, or none. */
export function transact<T>(database: EmbeddedDatabase, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function migrate(database: EmbeddedDatabase): void {
  transact(database, () => {
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as {
      user_version: number
    }
    if (version > MIGRATIONS.length)
      throw new Error(`it has version ${version}, this program knows ${MIGRATIONS.length}`)
    for (const step of MIGRATIONS.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
  })
}

/** A BLOB column as protobuf readers take it: libsql's `all` gives bare ArrayBuffers, its `get` Buffers. */
export function toBytes(column: Uint8Array | ArrayBuffer): Uint8Array {
  return column instanceof Uint8Array ? column : new Uint8Array(column)
}
