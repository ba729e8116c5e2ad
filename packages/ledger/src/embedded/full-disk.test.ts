import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JobResult } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContractJob } from '../contract/contract-subject.ts'
import { LEASE_MS } from '../job-state.ts'
import { CommitQueue } from './commit-queue.ts'
import { openDatabase, type EmbeddedDatabase } from './database.ts'
import { toDiskFault } from './disk-faults.ts'
import { Doorbell } from './doorbell.ts'
import { createBlobStore } from './embedded-blob-store.ts'
import { EmbeddedJobLedger } from './embedded-job-ledger.ts'
import { createDocumentStore } from './embedded-stores.ts'

const ROOMY_PAGES = 1_000_000

describe('the embedded ledger on a full disk', () => {
  let folder: string
  let database: EmbeddedDatabase
  let commits: CommitQueue
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'full-'))
    database = openDatabase(folder)
    commits = new CommitQueue(database)
  })
  afterEach(() => {
    database.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** SQLite answers as for a full disk: the database may not grow any more. */
  const fill = () => {
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number }
    database.exec(`PRAGMA max_page_count = ${pages}`)
  }
  const free = () => database.exec(`PRAGMA max_page_count = ${ROOMY_PAGES}`)

  it('says that there is no room, and goes on when there is some', async () => {
    const blobs = createBlobStore({ folder, database, commits })
    const documents = createDocumentStore(database)
    const put = () => blobs.put('results/j/1/0', Buffer.alloc(16_000), 'image/png')
    const write = () => documents.write('a', 'options', 'x'.repeat(20_000))
    fill()
    await expect(put()).rejects.toMatchObject({ name: 'AtelierError', code: 'queue-full' })
    await expect(write()).rejects.toMatchObject({ name: 'AtelierError', code: 'queue-full' })
    free()
    expect(await blobs.read(await put())).toHaveLength(16_000)
    expect(await write()).toBe(true)
  })

  it('leaves no half of a blob that cannot be written', async () => {
    const blobs = createBlobStore({ folder, database, commits })
    await blobs.put('inputs/a/other', Buffer.from('x'), 'image/png')
    // A folder in the place of the blob: the bytes can be written aside, but not brought there.
    await blobs.put('inputs/a/name/below', Buffer.from('x'), 'image/png')
    await expect(blobs.put('inputs/a/name', Buffer.from('x'), 'image/png')).rejects.toMatchObject({
      code: 'unavailable',
    })
    expect(readdirSync(join(folder, 'blobs/inputs/a')).sort()).toEqual(['name', 'other'])
  })

  it('takes no job from its worker for the time in which nothing could be written', async () => {
    const clock = { now: 1_000_000 }
    const clocks = { now: () => clock.now, elapsed: () => clock.now }
    const bell = await Doorbell.open(folder)
    const jobs = new EmbeddedJobLedger(database, bell, clocks, commits)
    await jobs.submit(createContractJob())
    const request = { workerId: 'w', accepts: () => true, residentIdentities: [] }
    const lease = await jobs.claim(request, new AbortController().signal)
    await jobs.recover()
    database.exec('PRAGMA query_only = 1')
    clock.now += LEASE_MS + 1
    await expect(jobs.recover()).rejects.toMatchObject({ code: 'unavailable' })
    database.exec('PRAGMA query_only = 0')
    expect(await jobs.recover()).toBe(0)
    expect(await jobs.finish(lease!, { kind: 'done', result: JobResult.create() })).toBe(true)
    bell.close()
  })
})

describe('toDiskFault', () => {
  it.each([
    ['ENOSPC', 'queue-full'],
    ['EDQUOT', 'queue-full'],
    ['SQLITE_FULL', 'queue-full'],
    ['EIO', 'unavailable'],
    ['EROFS', 'unavailable'],
    ['EMFILE', 'unavailable'],
    ['SQLITE_IOERR_WRITE', 'unavailable'],
    ['SQLITE_READONLY', 'unavailable'],
    ['SQLITE_BUSY', 'unavailable'],
    ['SQLITE_CANTOPEN', 'unavailable'],
  ])('%s is %s', (code, expected) => {
    const cause = Object.assign(new Error('the disk says no'), { code })
    expect(toDiskFault(cause)).toMatchObject({ name: 'AtelierError', code: expected, cause })
  })

  it.each([
    new TypeError('x'),
    Object.assign(new Error('UNIQUE'), { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' }),
    'text',
  ])('leaves what is no fault of the disk as it is: %s', (fault) => {
    expect(toDiskFault(fault)).toBe(fault)
  })
})
