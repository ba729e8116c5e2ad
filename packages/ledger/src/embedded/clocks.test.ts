import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JobResult, WorkerDescription } from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createContractJob } from '../contract/contract-subject.ts'
import { LEASE_MS } from '../job-state.ts'
import type { Lease } from '../job-ledger.ts'
import type { LedgerStore } from '../ledger-store.ts'
import { openEmbeddedLedger } from './index.ts'

const HOUR = 3_600_000

describe('clocks of one machine that jump', () => {
  let folder: string
  let store: LedgerStore
  const clock = { wall: 0, elapsed: 0 }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'atelier-clocks-'))
    clock.wall = clock.elapsed = 0
    store = await openEmbeddedLedger({
      folder,
      now: () => Date.now() + clock.wall,
      elapsed: () => performance.now() + clock.elapsed,
    })
    // A process that has been watching for a while.
    await store.jobs.recover()
  })
  afterEach(async () => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })
  const claim = async (): Promise<Lease> => {
    await store.jobs.submit(createContractJob())
    const request = { workerId: 'w', accepts: () => true, residentIdentities: [] }
    const lease = await store.jobs.claim(request, AbortSignal.timeout(5_000))
    return lease!
  }

  it.each([
    ['forward', HOUR],
    ['back', -HOUR],
  ])('%s take no job from its worker', async (_, jump) => {
    const lease = await claim()
    await store.jobs.recover()
    clock.wall += jump
    expect(await store.jobs.recover()).toBe(0)
    expect(await store.jobs.renew(lease)).toBe('held')
    expect(await store.jobs.finish(lease, { kind: 'done', result: JobResult.create() })).toBe(true)
  })

  it('back keep no job with a worker that died', async () => {
    await claim()
    await store.jobs.recover()
    clock.wall -= HOUR
    clock.elapsed += LEASE_MS + 1_000
    expect(await store.jobs.recover()).toBe(1)
  })

  it('hide a worker until it is heard of again, and show none that is gone', async () => {
    await store.workers.put(WorkerDescription.fromPartial({ id: 'w' }))
    clock.wall -= HOUR
    expect(await store.workers.list()).toEqual([])
    await store.workers.put(WorkerDescription.fromPartial({ id: 'w' }))
    expect((await store.workers.list()).map(({ id }) => id)).toEqual(['w'])
    clock.wall += 2 * HOUR
    expect(await store.workers.list()).toEqual([])
  })
})
