import type { JobLedger } from '@atelier/ledger'
import { Job, JobControl, JobState, Surface } from '@atelier/proto'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WorkerConnections } from '../progress/worker-connections.ts'
import { FakeLedger } from './test-kit/fake-ledger.ts'
import type { JobUpdate } from './job-dispatcher.ts'
import { LedgerDispatcher } from './ledger-dispatcher.ts'

const job = (id: string, tenant = 'a', surface: Surface = Surface.SURFACE_SDAPI) =>
  Job.fromPartial({ id, tenant, surface })
const states = (updates: JobUpdate[]) => updates.map(({ record }) => record.state)

describe('LedgerDispatcher', () => {
  let ledger: FakeLedger
  let dispatcher: LedgerDispatcher
  beforeEach(async () => {
    ledger = new FakeLedger()
    dispatcher = new LedgerDispatcher({
      jobs: ledger as unknown as JobLedger,
      connections: new WorkerConnections(() => []),
      limits: { maxQueued: 3, maxQueuedPerTenant: 2 },
      logger: pino({ level: 'silent' }),
    })
  })
  afterEach(() => dispatcher.close())

  const listen = (filter: Parameters<LedgerDispatcher['subscribe']>[0]) => {
    const updates: JobUpdate[] = []
    dispatcher.subscribe(filter, (update) => updates.push(update))
    return updates
  }

  it('tells each change of a job in order and its end once', async () => {
    const updates = listen({ tenant: 'a' })
    await dispatcher.submit(job('1'))
    ledger.change('1', { state: JobState.JOB_STATE_RUNNING, epoch: 1 })
    ledger.change('1', { state: JobState.JOB_STATE_DONE })
    await vi.waitUntil(() => states(updates).includes(JobState.JOB_STATE_DONE))
    ledger.change('1', { state: JobState.JOB_STATE_DONE })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(states(updates)).toEqual([
      JobState.JOB_STATE_QUEUED,
      JobState.JOB_STATE_RUNNING,
      JobState.JOB_STATE_DONE,
    ])
  })

  it('keeps tenants, surfaces and jobs apart', async () => {
    const otherTenant = listen({ tenant: 'b' })
    const otherSurface = listen({ tenant: 'a', surface: Surface.SURFACE_COMFY })
    const otherJob = listen({ tenant: 'a', jobId: '2' })
    await dispatcher.submit(job('1'))
    expect([otherTenant, otherSurface, otherJob]).toEqual([[], [], []])
  })

  it('waits for the end, also of a job that had ended before', async () => {
    await dispatcher.submit(job('1'))
    const waiting = dispatcher.wait('a', '1')
    ledger.change('1', { state: JobState.JOB_STATE_FAILED })
    expect((await waiting).state).toBe(JobState.JOB_STATE_FAILED)
    expect((await dispatcher.wait('a', '1')).state).toBe(JobState.JOB_STATE_FAILED)
  })

  it('stops waiting when the caller goes away', async () => {
    await dispatcher.submit(job('1'))
    const caller = new AbortController()
    const waiting = dispatcher.wait('a', '1', caller.signal)
    caller.abort(new Error('gone'))
    await expect(waiting).rejects.toThrow('gone')
  })

  it('refuses a job above the limits and stores nothing', async () => {
    await dispatcher.submit(job('1'))
    await dispatcher.submit(job('2'))
    await expect(dispatcher.submit(job('3'))).rejects.toMatchObject({ code: 'tenant-queue-full' })
    expect(await ledger.read('a', '3')).toBeUndefined()
    await dispatcher.submit(job('4', 'b'))
    await expect(dispatcher.submit(job('5', 'c'))).rejects.toMatchObject({ code: 'queue-full' })
  })

  it('gives progress to its own tenant only', async () => {
    await dispatcher.submit(job('1'))
    expect(dispatcher.progress('a', '1')).toMatchObject({ step: 0, record: { job: { id: '1' } } })
    expect(dispatcher.progress('b', '1')).toBeUndefined()
  })

  describe('asks the worker that runs a job', () => {
    const asked: string[] = []
    const client = (id: string) => ({
      controlJob: ({ jobId, control }: { jobId: string; control: JobControl }, ...rest: unknown[]) => {
        asked.push(`${id}: ${control === JobControl.JOB_CONTROL_SKIP ? 'skip' : 'cancel'} ${jobId}`)
        const answer = rest.at(-1) as (error: null, response: { found: boolean }) => void
        answer(null, { found: true })
      },
      freeMemory: (request: { unloadModels: boolean }, ...rest: unknown[]) => {
        asked.push(`${id}: free ${request.unloadModels}`)
        ;(rest.at(-1) as () => void)()
      },
    })
    const clients = new Map(['w1', 'w2'].map((id) => [id, client(id)]))
    beforeEach(() => {
      dispatcher.close()
      asked.length = 0
      const connections = { client: (id: string) => clients.get(id), all: () => [...clients.values()] }
      dispatcher = new LedgerDispatcher({
        jobs: ledger as unknown as JobLedger,
        connections: connections as unknown as WorkerConnections,
        limits: { maxQueued: 3, maxQueuedPerTenant: 2 },
        logger: pino({ level: 'silent' }),
      })
    })
    const run = async (id: string, workerId: string) => {
      await dispatcher.submit(job(id))
      ledger.change(id, { state: JobState.JOB_STATE_RUNNING, epoch: 1, workerId })
      await vi.waitUntil(() => dispatcher.openRecords().some((one) => one.workerId === workerId))
    }

    it('to stop, beside what the ledger says', async () => {
      await run('1', 'w2')
      expect(await dispatcher.cancel('a', '1')).toBe('cancelling')
      expect(asked).toEqual(['w2: cancel 1'])
    })

    it('nothing when the job waits: the ledger alone cancels it', async () => {
      await dispatcher.submit(job('1'))
      expect(await dispatcher.cancel('a', '1')).toBe('cancelled')
      expect(asked).toEqual([])
    })

    it('to skip, for the job’s own tenant alone', async () => {
      await run('1', 'w1')
      expect(await dispatcher.skip('b', '1')).toBe(false)
      expect(await dispatcher.skip('a', 'unknown')).toBe(false)
      expect(await dispatcher.skip('a', '1')).toBe(true)
      expect(asked).toEqual(['w1: skip 1'])
    })

    it('nothing where the directory does not know it', async () => {
      await run('1', 'gone')
      expect(await dispatcher.skip('a', '1')).toBe(false)
      expect(await dispatcher.cancel('a', '1')).toBe('cancelling')
      expect(asked).toEqual([])
    })

    it('to free memory, and all others too', async () => {
      await dispatcher.freeMemory({ unloadModels: true, freeCache: false })
      expect(asked).toEqual(['w1: free true', 'w2: free true'])
    })
  })

  it('listens again when the watch of the ledger breaks, and learns what changed meanwhile', async () => {
    dispatcher.close()
    const watch = ledger.watch.bind(ledger)
    const rounds = { count: 0 }
    ledger.watch = async function* (query, signal) {
      rounds.count += 1
      if (rounds.count === 1) throw new Error('the broker went away')
      yield* watch(query, signal)
    }
    dispatcher = new LedgerDispatcher({
      jobs: ledger as unknown as JobLedger,
      connections: new WorkerConnections(() => []),
      limits: { maxQueued: 3, maxQueuedPerTenant: 2 },
      logger: pino({ level: 'silent' }),
    })
    const updates = listen({ tenant: 'a' })
    await vi.waitUntil(() => !dispatcher.isWatching)
    ledger.change('1', { job: job('1'), state: JobState.JOB_STATE_QUEUED })
    await vi.waitUntil(() => dispatcher.isWatching, 10_000)
    ledger.change('1', { state: JobState.JOB_STATE_RUNNING, epoch: 1 })
    await vi.waitUntil(() => updates.length >= 2, 10_000)
    expect(states(updates)).toEqual([JobState.JOB_STATE_QUEUED, JobState.JOB_STATE_RUNNING])
  })

  it('goes on when a listener throws', async () => {
    dispatcher.subscribe({ tenant: 'a' }, () => {
      throw new Error('listener')
    })
    const updates = listen({ tenant: 'a' })
    await dispatcher.submit(job('1'))
    expect(updates).toHaveLength(1)
  })
})
