import { createHash } from 'node:crypto'
import {
  FolderKind,
  Job,
  JobResult,
  JobState,
  ModelRef,
  NamedFile,
  Surface,
  WorkerDescription,
} from '@atelier/proto'
import { beforeEach, describe, expect, it } from 'vitest'
import { LEASE_MS } from '../job-state.ts'
import { useTestBroker } from '../test-kit/nats-broker.ts'
import { hasNatsServer } from '../test-kit/nats-server.ts'
import {
  claimAny,
  createTestJob,
  openTestGateway,
  openTestStore,
  type TestStore,
} from '../test-kit/nats-stores.ts'
import { GONE_MS } from './presence.ts'

const done = { kind: 'done', result: JobResult.create() } as const
const idsOf = (records: { job?: Job | undefined }[]) => records.map(({ job }) => job?.id)

describe.skipIf(!hasNatsServer())('what dying processes leave behind', () => {
  const broker = useTestBroker()
  let store: TestStore
  beforeEach(async () => {
    store = broker.keep(await openTestGateway(broker.url))
  })

  const second = async (): Promise<TestStore> => {
    return broker.keep(await openTestGateway(broker.url, store.settings.prefix))
  }
  const kinds = () => store.events.map(({ kind }) => kind)
  /** What a process has met after a sweep some seconds later. */
  const sweepLater = async (other: TestStore) => {
    other.advance(5_000)
    await other.jobs.recover()
    return other.events.map(({ kind }) => kind)
  }
  const countWork = () => broker.countWork(store)

  it('a waiting job whose message was lost gets another', async () => {
    const job = createTestJob()
    await store.jobs.submit(job)
    await broker.jsm.streams.purge(`${store.settings.prefix}-work`)
    // A process that starts after the loss, as one does that replaces the dead one.
    const other = await second()
    await expect.poll(() => sweepLater(other)).toContain('work-restored')
    expect((await claimAny(store)).record.job?.id).toBe(job.id)
  })

  it('a message whose job does not wait any more goes', async () => {
    const job = createTestJob()
    await store.jobs.submit(job)
    await store.jobs.finish(await claimAny(store), done)
    await expect.poll(countWork).toBe(0)
    await broker.js.publish(`${store.settings.prefix}.work.any.${job.id}`, Job.encode(job).finish())
    const other = await second()
    await expect.poll(() => sweepLater(other)).toContain('work-dropped')
    await expect.poll(countWork).toBe(0)
  })

  it('a lease is taken back after its time on the observer’s own clock, once', async () => {
    await store.jobs.submit(createTestJob())
    await claimAny(store)
    const other = await second()
    for (const observer of [store, other]) observer.advance(LEASE_MS + 1_000)
    const moved = await Promise.all([store.jobs.recover(), other.jobs.recover()])
    expect(moved.sort()).toEqual([0, 1])
    expect((await claimAny(store)).epoch).toBe(2)
  })

  /** Looks for dead processes, with everything heard that was stored by now. */
  const look = async () => {
    await store.jobs.list({ limit: 1 })
    return store.jobs.recover()
  }
  it('the jobs of a process the broker does not know any more are taken back long before their lease', async () => {
    const dead = openTestStore(broker.url, store.settings.prefix)
    await store.jobs.submit(createTestJob())
    await claimAny(dead, 'dead')
    expect(await look()).toBe(0)
    await dead.close()
    expect(await look()).toBe(0)
    store.advance(GONE_MS - 1_000)
    expect(await look()).toBe(0)
    store.advance(1_000)
    expect(await look()).toBe(1)
    const lease = await claimAny(store)
    expect([lease.epoch, lease.record.holder === '']).toEqual([2, false])
  })

  it('a worker started again under its old name does not hide that the earlier one died', async () => {
    const dead = openTestStore(broker.url, store.settings.prefix)
    await store.jobs.submit(createTestJob())
    await claimAny(dead, 'w1')
    await dead.close()
    const again = broker.keep(openTestStore(broker.url, store.settings.prefix))
    await look()
    store.advance(GONE_MS)
    const claiming = claimAny(again, 'w1')
    await expect.poll(look).toBe(1)
    expect((await claiming).epoch).toBe(2)
  })

  it('a process that listens but does not answer keeps its jobs for their lease', async () => {
    const stuck = openTestStore(broker.url, store.settings.prefix)
    await store.jobs.submit(createTestJob())
    const { record } = await claimAny(stuck, 'stuck')
    await stuck.close()
    const subscription = broker.connection.subscribe(`${store.settings.prefix}.holder.${record.holder}`)
    await broker.connection.flush()
    for (let looks = 0; looks < 2; looks += 1) {
      expect(await look()).toBe(0)
      store.advance(GONE_MS)
    }
    subscription.unsubscribe()
    store.advance(LEASE_MS)
    expect(await look()).toBe(1)
  }, 20_000)

  it('a process that was away for a moment is counted anew the next time', async () => {
    const holder = openTestStore(broker.url, store.settings.prefix)
    await store.jobs.submit(createTestJob())
    const { record } = await claimAny(holder, 'w1')
    await holder.close()
    expect(await look()).toBe(0)
    const back = broker.connection.subscribe(`${store.settings.prefix}.holder.${record.holder}`, {
      callback: (_error, message) => void message.respond(),
    })
    await broker.connection.flush()
    store.advance(GONE_MS)
    expect(await look()).toBe(0)
    back.unsubscribe()
    await broker.connection.flush()
    expect(await look()).toBe(0)
    store.advance(GONE_MS)
    expect(await look()).toBe(1)
  })

  it('clocks that jump, a worker’s or an observer’s, take no lease and give none', async () => {
    await store.jobs.submit(createTestJob())
    store.jump(-3_600_000)
    const lease = await claimAny(store)
    store.jump(7_200_000)
    expect(await store.jobs.recover()).toBe(0)
    expect(await store.jobs.renew(lease)).toBe('held')
    store.advance(LEASE_MS + 1_000)
    store.jump(-7_200_000)
    expect(await store.jobs.recover()).toBe(1)
    expect(await store.jobs.finish(lease, done)).toBe(false)
  })

  it('a job that kills three workers is parked, readable, with its reason', async () => {
    const job = createTestJob()
    await store.jobs.submit(job)
    for (const worker of ['w1', 'w2', 'w3']) {
      await claimAny(store, worker)
      store.advance(LEASE_MS + 1_000)
      expect(await store.jobs.recover()).toBe(1)
    }
    expect(await store.jobs.read('a', job.id)).toMatchObject({
      state: JobState.JOB_STATE_PARKED,
      workersTried: ['w1', 'w2', 'w3'],
      error: { code: 'engine-died' },
    })
    expect(kinds().filter((kind) => kind === 'lease-expired')).toHaveLength(3)
  })

  it('a named file whose worker died before it entered it is found in its job’s record', async () => {
    const file = NamedFile.fromPartial({
      folder: FolderKind.FOLDER_KIND_OUTPUT,
      subfolder: '',
      name: 'x_00001_.png',
    })
    await store.jobs.submit(createTestJob())
    const lease = await claimAny(store)
    await store.jobs.finish(lease, { kind: 'done', result: JobResult.fromPartial({ files: [file] }) })
    await broker.jsm.streams.purge(`KV_${store.settings.prefix}-files`)
    expect(await store.files.find('a', FolderKind.FOLDER_KIND_OUTPUT, '', 'x_00001_.png')).toMatchObject(file)
    // It is entered again then.
    expect(await store.files.list('a', FolderKind.FOLDER_KIND_OUTPUT)).toHaveLength(1)
  })

  it('a public id that was agreed on, but whose record was never made, is no dead end', async () => {
    const lost = createTestJob({ publicId: 'p', requestDigest: 'd' })
    const key = `a.${Surface.SURFACE_COMFY}.${createHash('sha256').update('p').digest('hex')}`
    await broker.js.publish(`$KV.${store.settings.prefix}-public-ids.${key}`, Buffer.from(`${lost.id} d`))
    const { kind, record } = await store.jobs.submit(createTestJob({ publicId: 'p', requestDigest: 'd' }))
    // Under the id that was agreed on: whoever agreed on it may still come.
    expect([kind, record.job?.id]).toEqual(['created', lost.id])
    expect((await store.jobs.submit(lost)).kind).toBe('attached')
  })

  it('the same request through two gateways at once is one job', async () => {
    const other = await second()
    for (let round = 0; round < 10; round += 1) {
      const request = { publicId: `p${round}`, requestDigest: 'd' }
      const submissions = await Promise.all(
        [store, other, store, other].map(({ jobs }) => jobs.submit(createTestJob(request))),
      )
      expect(new Set(submissions.map(({ record }) => record.job?.id)).size).toBe(1)
      expect(submissions.filter(({ kind }) => kind === 'created')).toHaveLength(1)
    }
    expect(await store.jobs.list({})).toHaveLength(10)
  })

  it('a forgotten job’s public id starts anew', async () => {
    const request = { publicId: 'p', requestDigest: 'd' }
    const first = await store.jobs.submit(createTestJob(request))
    await store.jobs.finish(await claimAny(store), done)
    await store.jobs.forget('a', [first.record.job?.id ?? ''])
    const again = await store.jobs.submit(createTestJob(request))
    expect([again.kind, again.record.job?.id === first.record.job?.id]).toEqual(['created', false])
    expect((await store.jobs.find('a', Surface.SURFACE_COMFY, 'p'))?.job?.id).toBe(again.record.job?.id)
  })

  it('what one gateway was told is stored, another lists', async () => {
    const other = await second()
    for (let i = 0; i < 20; i += 1) {
      const job = createTestJob()
      await store.jobs.submit(job)
      expect(idsOf(await other.jobs.list({ states: [JobState.JOB_STATE_QUEUED] }))).toContain(job.id)
      await store.jobs.finish(await claimAny(store), done)
      expect(idsOf(await other.jobs.list({ states: [JobState.JOB_STATE_DONE] }))).toContain(job.id)
      expect((await other.jobs.read('a', job.id))?.state).toBe(JobState.JOB_STATE_DONE)
    }
  })

  it('a worker that holds a checkpoint has the first claim, and others take over when it does not', async () => {
    await store.workers.put(
      WorkerDescription.fromPartial({ id: 'hot', ready: true, slots: 1, residentIdentities: ['x'] }),
    )
    const hot = broker.keep(openTestStore(broker.url, store.settings.prefix))
    const cold = broker.keep(openTestStore(broker.url, store.settings.prefix))
    const claim = (from: TestStore, workerId: string, residentIdentities: string[]) =>
      from.jobs.claim({ workerId, accepts: () => true, residentIdentities }, AbortSignal.timeout(5_000))
    const models = [ModelRef.fromPartial({ name: 'x', identity: 'x' })]
    // Only the cold one asks: it takes the job after the head start.
    const alone = claim(cold, 'cold', [])
    await store.jobs.submit(createTestJob({ models }))
    expect((await alone)?.workerId).toBe('cold')
    // Both ask.
    const both = [claim(cold, 'cold', []), claim(hot, 'hot', ['x'])]
    await new Promise((resolve) => setTimeout(resolve, 300))
    await store.jobs.submit(createTestJob({ models }))
    expect((await Promise.race(both))?.workerId).toBe('hot')
    await Promise.all(both)
  })
})
