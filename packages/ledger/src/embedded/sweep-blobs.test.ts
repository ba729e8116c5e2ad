import { createHash } from 'node:crypto'
import { mkdtemp, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderKind, Job, JobResult, NamedFile, Surface, type BlobRef } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { toInputKey, toRequestKey, toResultKey } from '../blob-store.ts'
import type { LedgerStore } from '../ledger-store.ts'
import { ROW_LIMIT_BYTES } from './embedded-blob-store.ts'
import { openEmbeddedLedger } from './index.ts'
import { ORPHAN_AGE_MS } from './sweep-blobs.ts'

describe('sweeping the blobs of one machine', () => {
  let folder: string
  let store: LedgerStore
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-sweep-'))
    store = await openEmbeddedLedger({ folder })
  })
  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
  /** Stores a blob as if that had been long ago. */
  const putOld = async (key: string, text: string, ageMs = 2 * ORPHAN_AGE_MS): Promise<BlobRef> => {
    // Larger than what is kept in the database.
    const ref = await store.blobs.put(key, Buffer.from(text.padEnd(ROW_LIMIT_BYTES + 1)), 'image/png')
    const then = new Date(Date.now() - ageMs)
    await utimes(join(folder, 'blobs', key), then, then)
    return ref
  }
  const isThere = async (ref: BlobRef) => (await store.blobs.read(ref)) !== undefined
  const runJob = async (image: BlobRef, files: NamedFile[]): Promise<Job> => {
    const id = sha256(image.key).slice(0, 12)
    const job = Job.fromPartial({
      ...{ id, tenant: 'a', surface: Surface.SURFACE_SDAPI, publicId: id, requestDigest: id },
      kind: { $case: 'extras', value: { pictures: [{ image, texts: [] }] } },
    })
    await store.jobs.submit(job)
    const claim = { workerId: 'w', accepts: () => true, residentIdentities: [] }
    const lease = await store.jobs.claim(claim, AbortSignal.timeout(5_000))
    await store.jobs.finish(lease!, { kind: 'done', result: JobResult.fromPartial({ files }) })
    return job
  }

  it('removes what a request brought when its job is forgotten, not before', async () => {
    const brought = await putOld(toRequestKey('a', sha256('picture')), 'picture')
    const job = await runJob(brought, [])
    expect(await store.sweepBlobs()).toBe(0)
    expect(await isThere(brought)).toBe(true)
    await store.jobs.forget('a', [job.id])
    expect(await store.sweepBlobs()).toBe(1)
    expect(await isThere(brought)).toBe(false)
  })

  it('keeps what another job brought too', async () => {
    const shared = await putOld(toRequestKey('a', sha256('shared')), 'shared')
    const first = await runJob(shared, [])
    const note = JSON.stringify({ parameters_blob: { key: shared.key } })
    await store.jobs.submit(
      Job.fromPartial({ ...first, id: 'other', publicId: 'other', kind: undefined, surfaceNote: note }),
    )
    await store.jobs.forget('a', [first.id])
    expect(await store.sweepBlobs()).toBe(0)
    expect(await isThere(shared)).toBe(true)
  })

  it('removes results of executions that lost, keeps those of the one that won and those with a name', async () => {
    const brought = await putOld(toRequestKey('a', sha256('x')), 'x')
    const [lost, won, named] = [
      await putOld(toResultKey('j', 1, 0), 'lost'),
      await putOld(toResultKey('j', 2, 0), 'won'),
      await putOld(toResultKey('j', 2, 10), 'named'),
    ]
    const file = NamedFile.fromPartial({ folder: FolderKind.FOLDER_KIND_OUTPUT, name: 'n.png', blob: named })
    const job = await runJob(brought, [NamedFile.fromPartial({ blob: won }), file])
    expect(await store.sweepBlobs()).toBe(1)
    expect(await Promise.all([lost, won, named].map(isThere))).toEqual([false, true, true])
    // As in the originals, the history can be cleared and the files stay.
    await store.jobs.forget('a', [job.id])
    await store.sweepBlobs()
    expect(await Promise.all([won, named].map(isThere))).toEqual([false, true])
  })

  it('removes small results, which are rows, of executions that lost, never those of a job that runs', async () => {
    const putSmall = (key: string) => store.blobs.put(key, Buffer.from(key), 'image/png')
    const brought = await putOld(toRequestKey('a', sha256('y')), 'y')
    const id = sha256(brought.key).slice(0, 12)
    const [lost, won] = [await putSmall(toResultKey(id, 1, 0)), await putSmall(toResultKey(id, 2, 0))]
    await runJob(brought, [NamedFile.fromPartial({ blob: won })])
    const running = Job.fromPartial({ id: 'r', tenant: 'a', publicId: 'r', requestDigest: 'r' })
    await store.jobs.submit(running)
    const early = await putSmall(toResultKey('r', 1, 0))
    expect(await store.sweepBlobs()).toBe(1)
    expect(await Promise.all([lost, won, early].map(isThere))).toEqual([false, true, true])
  })

  it('does not touch what is young, which a job or a name may be about to name', async () => {
    const young = await putOld(toRequestKey('a', sha256('young')), 'young', ORPHAN_AGE_MS / 2)
    const upload = await putOld(toInputKey('a', sha256('upload')), 'upload', ORPHAN_AGE_MS / 2)
    expect(await store.sweepBlobs()).toBe(0)
    expect(await Promise.all([young, upload].map(isThere))).toEqual([true, true])
  })

  it('removes an upload that was written over, when no job needs it any more', async () => {
    const [first, second] = [
      await putOld(toInputKey('a', sha256('first')), 'first'),
      await putOld(toInputKey('a', sha256('second')), 'second'),
    ]
    const upload = (blob: BlobRef) =>
      store.files.put(
        'a',
        NamedFile.fromPartial({ folder: FolderKind.FOLDER_KIND_INPUT, name: 'i.png', blob, storedAtMs: 1 }),
      )
    await upload(first)
    const job = await runJob(first, [])
    await upload(second)
    expect(await store.sweepBlobs()).toBe(0)
    await store.jobs.forget('a', [job.id])
    expect(await store.sweepBlobs()).toBe(1)
    expect(await Promise.all([first, second].map(isThere))).toEqual([false, true])
  })

  it('tells how full the disk is', async () => {
    const [disk] = await store.readUse()
    expect(disk?.name).toBe(`the disk of ${folder}`)
    expect(disk!.usedBytes).toBeGreaterThan(0)
    expect(disk!.limitBytes).toBeGreaterThan(disk!.usedBytes)
  })
})
