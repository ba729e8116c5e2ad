import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderKind, JobResult, NamedFile, WorkerDescription, type JobRecord } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toInputKey, toResultKey } from '../blob-store.ts'
import { createContractJob } from '../contract/contract-subject.ts'
import type { LedgerStore } from '../ledger-store.ts'
import { openDatabase } from './database.ts'
import { ROW_LIMIT_BYTES } from './embedded-blob-store.ts'
import type { Retention } from './forget-old.ts'
import { openEmbeddedLedger } from './index.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

describe('what one machine keeps', () => {
  let folder: string
  let store: LedgerStore
  const clock = { now: 0 }
  const open = async (retention: Retention) => {
    store = await openEmbeddedLedger({ folder, retention, now: () => clock.now })
  }
  beforeEach(async () => {
    clock.now = Date.now() - 30 * DAY
    folder = await mkdtemp(join(tmpdir(), 'atelier-kept-'))
    await open({ jobsMs: 7 * DAY, savedMs: Infinity })
  })
  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Runs a job that makes a picture in a folder, as of now by the test's clock. */
  const runJob = async (kind: FolderKind, isLarge = true): Promise<JobRecord> => {
    const { record } = await store.jobs.submit(createContractJob())
    const key = toResultKey(record.job!.id, 1, 0)
    const bytes = Buffer.alloc(isLarge ? ROW_LIMIT_BYTES + 1 : 10, record.job!.id)
    const blob = await store.blobs.put(key, bytes, 'image/png')
    const then = new Date(clock.now)
    if (isLarge) await utimes(join(folder, 'blobs', key), then, then)
    const name = `${record.job!.id}.png`
    const file = NamedFile.fromPartial({ folder: kind, name, blob, storedAtMs: clock.now })
    const claim = { workerId: 'w', accepts: () => true, residentIdentities: [] }
    const lease = await store.jobs.claim(claim, AbortSignal.timeout(5_000))
    await store.jobs.finish(lease!, { kind: 'done', result: JobResult.fromPartial({ files: [file] }) })
    return (await store.jobs.read('a', record.job!.id))!
  }
  const isKept = async ({ job }: JobRecord) => (await store.jobs.read('a', job!.id)) !== undefined
  const hasPicture = async ({ result }: JobRecord) =>
    (await store.blobs.read(result!.files[0]!.blob!)) !== undefined
  const hasName = async ({ result }: JobRecord) => {
    const { folder: kind, name } = result!.files[0]!
    return (await store.files.find('a', kind, '', name)) !== undefined
  }

  it.each([
    ['answered', FolderKind.FOLDER_KIND_UNSPECIFIED, true],
    ['answered and small', FolderKind.FOLDER_KIND_UNSPECIFIED, false],
    ['temporary', FolderKind.FOLDER_KIND_TEMP, true],
  ])('forgets a job with its picture after its time: %s', async (_what, kind, isLarge) => {
    const old = await runJob(kind, isLarge)
    clock.now += 6 * DAY
    const young = await runJob(kind, isLarge)
    clock.now += 2 * DAY
    await store.sweepBlobs()
    expect(await Promise.all([isKept(old), hasPicture(old)])).toEqual([false, false])
    expect(await Promise.all([isKept(young), hasPicture(young)])).toEqual([true, true])
    if (kind !== FolderKind.FOLDER_KIND_UNSPECIFIED)
      expect(await Promise.all([hasName(old), hasName(young)])).toEqual([false, true])
  })

  it('keeps pictures that were saved, unless told otherwise', async () => {
    const saved = await runJob(FolderKind.FOLDER_KIND_OUTPUT)
    clock.now += 20 * DAY
    await store.sweepBlobs()
    expect(await Promise.all([isKept(saved), hasName(saved), hasPicture(saved)])).toEqual([false, true, true])
    await store.close()
    await open({ jobsMs: 7 * DAY, savedMs: 10 * DAY })
    await store.sweepBlobs()
    expect(await Promise.all([hasName(saved), hasPicture(saved)])).toEqual([false, false])
  })

  it('keeps uploads, and what waits or runs, however long', async () => {
    const blob = await store.blobs.put(toInputKey('a', 'x'), Buffer.from('x'), 'image/png')
    const upload = NamedFile.fromPartial({
      folder: FolderKind.FOLDER_KIND_INPUT,
      name: 'x.png',
      blob,
      storedAtMs: 1,
    })
    await store.files.put('a', upload)
    const { record } = await store.jobs.submit(createContractJob())
    clock.now += 1000 * DAY
    await store.sweepBlobs()
    expect(await isKept(record)).toBe(true)
    expect(await store.files.find('a', FolderKind.FOLDER_KIND_INPUT, '', 'x.png')).toBeDefined()
    expect(await store.blobs.read(blob)).toBeDefined()
  })

  it('keeps everything for ever where it is told to', async () => {
    await store.close()
    await open({ jobsMs: Infinity, savedMs: Infinity })
    const old = await runJob(FolderKind.FOLDER_KIND_TEMP)
    clock.now += 1000 * DAY
    await store.sweepBlobs()
    expect(await Promise.all([isKept(old), hasName(old), hasPicture(old)])).toEqual([true, true, true])
  })

  it('forgets more than a page at once', async () => {
    const database = openDatabase(folder)
    const insert = database.prepare("INSERT INTO jobs VALUES (?, 'a', 1, ?, '', 3, 0, 0, 1, ?, ?, x'')")
    for (let i = 0; i < 450; i += 1) insert.run(`j${i}`, `p${i}`, i, i)
    database.close()
    await store.sweepBlobs()
    expect(await store.jobs.list({ limit: 1000 })).toEqual([])
  })

  it('forgets workers that were killed', async () => {
    await store.workers.put(WorkerDescription.fromPartial({ id: 'killed' }))
    clock.now += 2 * DAY
    await store.workers.put(WorkerDescription.fromPartial({ id: 'alive' }))
    await store.sweepBlobs()
    const database = openDatabase(folder)
    expect(database.prepare('SELECT id FROM workers').all()).toMatchObject([{ id: 'alive' }])
    database.close()
  })
})
