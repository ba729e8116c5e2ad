import {
  FolderKind,
  JobError,
  JobResult,
  JobState,
  NamedFile,
  Surface,
  WorkerDescription,
  type Job,
  type JobRecord,
} from '@atelier/proto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ClaimRequest, Lease } from '../job-ledger.ts'
import type { LedgerStore } from '../ledger-store.ts'
import { describeBlobStore } from './blob-contract.ts'
import { createContractJob as createJob, type ContractSubject } from './contract-subject.ts'
import { describeSubmission } from './submission-contract.ts'

const LEASE_LONG_GONE_MS = 60_000

/** Every implementation of the ledger passes this suite. */
export function describeLedger(name: string, open: () => Promise<ContractSubject>): void {
  describe(`${name} ledger`, () => {
    let subject: ContractSubject
    let store: LedgerStore
    const signal = new AbortController()
    beforeEach(async () => {
      subject = await open()
      store = subject.store
    })
    afterEach(() => subject.dispose())

    const submit = async (more: Partial<Job> = {}) => (await store.jobs.submit(createJob(more))).record.job!
    const worker = (id = 'w1', more: Partial<ClaimRequest> = {}): ClaimRequest => ({
      workerId: id,
      accepts: () => true,
      residentIdentities: [],
      ...more,
    })
    const claim = async (id = 'w1', from = store): Promise<Lease> => {
      const lease = await from.jobs.claim(worker(id), AbortSignal.timeout(5_000))
      if (lease === undefined) throw new Error('nothing to claim')
      return lease
    }
    const stateOf = async (job: Job) => (await store.jobs.read(job.tenant, job.id))?.state
    const done = { kind: 'done', result: JobResult.create() } as const

    describeSubmission(() => subject)
    describeBlobStore(() => store.blobs)

    describe('submission', () => {
      it('stores a job as queued, for every handle', async () => {
        const job = await submit()
        const second = await subject.openSecond()
        expect(await second.jobs.read('a', job.id)).toMatchObject({
          state: JobState.JOB_STATE_QUEUED,
          epoch: 0,
          revision: 1,
        })
        await second.close()
      })

      it('attaches the same public id with the same body, and starts anew with another body', async () => {
        const first = await store.jobs.submit(createJob({ publicId: 'p', requestDigest: 'd1' }))
        const same = await store.jobs.submit(createJob({ publicId: 'p', requestDigest: 'd1' }))
        const other = await store.jobs.submit(createJob({ publicId: 'p', requestDigest: 'd2' }))
        expect([same.kind, same.record.job?.id]).toEqual(['attached', first.record.job?.id])
        expect(other.kind).toBe('created')
        expect((await store.jobs.find('a', Surface.SURFACE_SDAPI, 'p'))?.job?.id).toBe(other.record.job?.id)
      })

      it('keeps public ids of tenants and surfaces apart', async () => {
        await submit({ publicId: 'p', requestDigest: 'd' })
        expect(
          (await store.jobs.submit(createJob({ publicId: 'p', requestDigest: 'd', tenant: 'b' }))).kind,
        ).toBe('created')
        const comfy = createJob({ publicId: 'p', requestDigest: 'd', surface: Surface.SURFACE_COMFY })
        expect((await store.jobs.submit(comfy)).kind).toBe('created')
      })

      it('hides a job from other tenants', async () => {
        const job = await submit()
        expect(await store.jobs.read('b', job.id)).toBeUndefined()
        expect(await store.jobs.cancel('b', job.id)).toBe('unknown')
        expect(await store.jobs.list({ tenant: 'b' })).toEqual([])
      })
    })

    describe('claiming', () => {
      it('hands out jobs in queue order, each once', async () => {
        const late = await submit({ queueNumber: 2 })
        const early = await submit({ queueNumber: 1 })
        const ahead = await submit({ queueNumber: -3 })
        const order = [await claim('w1'), await claim('w2'), await claim('w1')].map(
          ({ record }) => record.job?.id,
        )
        expect(order).toEqual([ahead.id, early.id, late.id])
      })

      it('shows the head of the queue to those who prepare for it', async () => {
        const [second, first] = [await submit({ queueNumber: 2 }), await submit({ queueNumber: 1 })]
        const show = async (limit: number) => (await store.jobs.peek(limit)).map(({ id }) => id)
        await expect.poll(() => show(5)).toEqual([first.id, second.id])
        expect(await show(1)).toEqual([first.id])
        await claim('w1')
        await expect.poll(() => show(5)).toEqual([second.id])
      })

      it('gives jobs that come together to as many waiting slots', async () => {
        const slots = ['w1', 'w1', 'w1'].map((id) => claim(id))
        const jobs = await Promise.all([submit(), submit(), submit()])
        const claimed = (await Promise.all(slots)).map(({ record }) => record.job?.id)
        expect(claimed.sort()).toEqual(jobs.map(({ id }) => id).sort())
      })

      it('wakes a waiting worker of another handle', async () => {
        const second = await subject.openSecond()
        const waiting = claim('w1', second)
        const job = await submit()
        expect((await waiting).record.job?.id).toBe(job.id)
        await second.close()
      })

      it('lets a worker pass what it cannot run', async () => {
        await submit({ clientId: 'other' })
        const mine = await submit({ clientId: 'mine' })
        const request = worker('w1', { accepts: (job) => job.clientId === 'mine' })
        expect((await store.jobs.claim(request, AbortSignal.timeout(5_000)))?.record.job?.id).toBe(mine.id)
      })

      it('gives one job to one of many workers', async () => {
        await submit()
        const second = await subject.openSecond()
        const stop = AbortSignal.timeout(700)
        const leases = await Promise.all([
          ...['w1', 'w2', 'w3'].map((id) => store.jobs.claim(worker(id), stop)),
          ...['w4', 'w5'].map((id) => second.jobs.claim(worker(id), stop)),
        ])
        expect(leases.filter((lease) => lease !== undefined)).toHaveLength(1)
        await second.close()
      })

      it('gives up when the signal aborts', async () => {
        expect(await store.jobs.claim(worker(), AbortSignal.timeout(50))).toBeUndefined()
      })
    })

    describe('a lease', () => {
      it('ends its job with the result, once', async () => {
        const job = await submit()
        const lease = await claim()
        expect(await store.jobs.finish(lease, done)).toBe(true)
        expect(await stateOf(job)).toBe(JobState.JOB_STATE_DONE)
        expect(await store.jobs.finish(lease, { kind: 'failed', error: JobError.create() })).toBe(false)
        expect(await stateOf(job)).toBe(JobState.JOB_STATE_DONE)
      })

      it('is worth nothing after another claim (fencing)', async () => {
        const job = await submit()
        const stale = await claim('w1')
        subject.advanceClock(LEASE_LONG_GONE_MS)
        expect(await store.jobs.recover()).toBe(1)
        const fresh = await claim('w2')
        expect([stale.epoch, fresh.epoch]).toEqual([1, 2])
        expect(await store.jobs.finish(stale, done)).toBe(false)
        expect(await store.jobs.renew(stale)).toBe('lost')
        expect(await store.jobs.handBack(stale)).toBe(false)
        expect(await stateOf(job)).toBe(JobState.JOB_STATE_RUNNING)
        expect(await store.jobs.finish(fresh, done)).toBe(true)
      })

      it('is kept by renewing it', async () => {
        await submit()
        const lease = await claim()
        subject.advanceClock(15_000)
        expect(await store.jobs.renew(lease)).toBe('held')
        subject.advanceClock(15_000)
        expect(await store.jobs.recover()).toBe(0)
      })

      it('handed back leaves no trace but the epoch', async () => {
        const job = await submit()
        await store.jobs.handBack(await claim())
        expect(await store.jobs.read('a', job.id)).toMatchObject({
          state: JobState.JOB_STATE_QUEUED,
          attempt: 0,
          workerId: '',
        })
      })

      it('abandoned three times parks the job with its reason', async () => {
        const job = await submit()
        for (const id of ['w1', 'w2', 'w3']) await store.jobs.abandon(await claim(id))
        expect(await store.jobs.read('a', job.id)).toMatchObject({
          state: JobState.JOB_STATE_PARKED,
          workersTried: ['w1', 'w2', 'w3'],
          error: { code: 'engine-died' },
        })
      })

      it('shows its named files only when it has won', async () => {
        await submit()
        const file = NamedFile.fromPartial({
          folder: FolderKind.FOLDER_KIND_OUTPUT,
          subfolder: 's',
          name: 'x.png',
        })
        const lease = await claim()
        const find = () => store.files.find('a', FolderKind.FOLDER_KIND_OUTPUT, 's', 'x.png')
        expect(await find()).toBeUndefined()
        await store.jobs.finish(lease, { kind: 'done', result: JobResult.fromPartial({ files: [file] }) })
        expect(await find()).toMatchObject({ name: 'x.png' })
      })
    })

    describe('cancelling', () => {
      it('takes a queued job back at once', async () => {
        const job = await submit()
        expect(await store.jobs.cancel('a', job.id)).toBe('cancelled')
        expect(await stateOf(job)).toBe(JobState.JOB_STATE_CANCELLED)
        expect(await store.jobs.claim(worker(), AbortSignal.timeout(50))).toBeUndefined()
      })

      it('tells the holder of a running job, who may keep what it has', async () => {
        const job = await submit()
        const lease = await claim()
        expect(await store.jobs.cancel('a', job.id)).toBe('cancelling')
        expect(await store.jobs.renew(lease)).toBe('cancelling')
        await store.jobs.finish(lease, {
          kind: 'interrupted',
          result: JobResult.fromPartial({ remarks: ['half'] }),
        })
        expect(await store.jobs.read('a', job.id)).toMatchObject({
          state: JobState.JOB_STATE_INTERRUPTED,
          result: { remarks: ['half'] },
        })
      })

      it('changes nothing of an ended job', async () => {
        const job = await submit()
        await store.jobs.finish(await claim(), done)
        expect(await store.jobs.cancel('a', job.id)).toBe('ended')
        expect(await stateOf(job)).toBe(JobState.JOB_STATE_DONE)
      })
    })

    describe('listing and watching', () => {
      it('lists open jobs in queue order, then the newest ended ones, newest last', async () => {
        const ended = [await submit(), await submit(), await submit()]
        for (const _ of ended) {
          subject.advanceClock(1)
          await store.jobs.finish(await claim(), done)
        }
        const second = await submit({ queueNumber: 2 })
        const first = await submit({ queueNumber: 1 })
        const ids = (records: JobRecord[]) => records.map(({ job }) => job?.id)
        expect(ids(await store.jobs.list({ tenant: 'a' }))).toEqual(
          [first, second, ...ended].map(({ id }) => id),
        )
        const newest = await store.jobs.list({ tenant: 'a', states: [JobState.JOB_STATE_DONE], limit: 2 })
        expect(ids(newest)).toEqual(ended.slice(1).map(({ id }) => id))
      })

      it('tells another handle every end of a job, in order', async () => {
        const second = await subject.openSecond()
        const stop = new AbortController()
        const seen: JobState[] = []
        const watching = (async () => {
          for await (const record of second.jobs.watch({ tenant: 'a' }, stop.signal)) {
            seen.push(record.state)
            if (record.state === JobState.JOB_STATE_DONE) return
          }
        })()
        await new Promise((resolve) => setTimeout(resolve, 20))
        await submit({ tenant: 'b' })
        await submit()
        const [one, two] = [await claim(), await claim()]
        await store.jobs.finish(one.record.job?.tenant === 'a' ? one : two, done)
        await watching
        expect(seen.at(-1)).toBe(JobState.JOB_STATE_DONE)
        expect(seen).toEqual([...seen].sort((a, b) => a - b))
        stop.abort()
        await second.close()
      })

      it('forgets ended jobs only, and only their tenant’s', async () => {
        const open = await submit()
        const ended = await submit({ queueNumber: -1 })
        await store.jobs.finish(await claim(), done)
        expect(await store.jobs.forget('b', [ended.id])).toBe(0)
        expect(await store.jobs.forget('a', [open.id, ended.id])).toBe(1)
        expect(await stateOf(open)).toBe(JobState.JOB_STATE_QUEUED)
      })
    })

    describe('counters, documents and workers', () => {
      it('never gives a number twice, by tenant and counter', async () => {
        const second = await subject.openSecond()
        const firsts = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 === 0 ? store : second).jobs.allocate('a', 'n', 3),
          ),
        )
        expect([...firsts].sort((a, b) => a - b)).toEqual(firsts.map((_, index) => 1 + 3 * index))
        expect(await store.jobs.allocate('b', 'n', 1)).toBe(1)
        await second.close()
      })

      it('writes a document only over the revision that was read', async () => {
        expect(await store.documents.write('a', 'k', { x: 1 }, 0)).toBe(true)
        expect(await store.documents.write('a', 'k', { x: 2 }, 0)).toBe(false)
        expect(await store.documents.read('a', 'k')).toEqual({ value: { x: 1 }, revision: 1 })
        expect(await store.documents.write('a', 'k', { x: 3 })).toBe(true)
        expect(await store.documents.list('a', 'k')).toEqual(['k'])
        expect(await store.documents.remove('a', 'k')).toBe(true)
        expect(await store.documents.read('a', 'k')).toBeUndefined()
      })

      it('lists and removes named files of one tenant', async () => {
        const file = NamedFile.fromPartial({
          folder: FolderKind.FOLDER_KIND_INPUT,
          subfolder: '',
          name: 'é 猫.png',
        })
        await store.files.put('a', file)
        expect(await store.files.list('a', FolderKind.FOLDER_KIND_INPUT)).toHaveLength(1)
        expect(await store.files.list('b', FolderKind.FOLDER_KIND_INPUT)).toEqual([])
        expect(await store.files.remove('a', FolderKind.FOLDER_KIND_INPUT, '', 'é 猫.png')).toBe(true)
      })

      it('tells notices to those who listen to their topic', async () => {
        const heard: unknown[] = []
        const unlisten = store.notices.listen('t', (notice) => heard.push(notice))
        store.notices.tell('other', 1)
        store.notices.tell('t', { x: 1 })
        await expect.poll(() => heard).toEqual([{ x: 1 }])
        unlisten()
        store.notices.tell('t', 2)
        await new Promise((resolve) => setTimeout(resolve, 20))
        expect(heard).toEqual([{ x: 1 }])
      })

      it('shows living workers to every handle and forgets those that fall silent', async () => {
        const second = await subject.openSecond()
        await store.workers.put(WorkerDescription.fromPartial({ id: 'w1' }))
        expect(await second.workers.list()).toMatchObject([{ id: 'w1' }])
        const lists: number[] = []
        for await (const workers of second.workers.watch(signal.signal)) {
          lists.push(workers.length)
          if (workers.length === 0) break
          subject.advanceClock(LEASE_LONG_GONE_MS)
        }
        expect(lists).toEqual([1, 0])
        await second.close()
      })
    })
  })
}
