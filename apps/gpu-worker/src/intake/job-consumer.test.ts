import { Job, JobRecord } from '@atelier/proto'
import type { ClaimRequest, JobLedger, Lease } from '@atelier/ledger'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { JobConsumer, type JobConsumerOptions } from './job-consumer.ts'
import type { JobRunner } from './job-runner.ts'

const toLease = (id: string): Lease => ({
  workerId: 'w',
  epoch: 1,
  record: JobRecord.fromPartial({ job: Job.fromPartial({ id }), epoch: 1 }),
})
const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

/** A consumer over a queue of the test; a job runs until the test ends it. */
function createConsumer(slots: number, queue: string[], more: Partial<JobConsumerOptions> = {}) {
  const running = new Map<string, () => void>()
  const requests: ClaimRequest[] = []
  let failures = 0
  const jobs = {
    claim(request: ClaimRequest, signal: AbortSignal): Promise<Lease | undefined> {
      requests.push(request)
      if (failures > 0) {
        failures -= 1
        return Promise.reject(new Error('the store is away'))
      }
      const id = queue.shift()
      if (id !== undefined) return Promise.resolve(toLease(id))
      if (signal.aborted) return Promise.resolve(undefined)
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)))
    },
    recover: () => Promise.resolve(0),
  } as unknown as JobLedger
  const runner = {
    run: (lease: Lease) =>
      new Promise((resolve) => running.set(lease.record.job?.id ?? '', () => resolve('ended'))),
  } as unknown as JobRunner
  const consumer = new JobConsumer({
    jobs,
    runner,
    slots,
    recovers: true,
    workerId: 'w',
    whenReady: () => Promise.resolve(),
    accepts: () => true,
    residentIdentities: () => ['resident'],
    logger: pino({ level: 'silent' }),
    ...more,
  })
  return { consumer, running, requests, failNext: (count: number) => (failures = count) }
}

describe('JobConsumer', () => {
  it('runs as many jobs at once as it has slots, and the next when one ends', async () => {
    const { consumer, running } = createConsumer(2, ['a', 'b', 'c'])
    await settle()
    expect([...running.keys()]).toEqual(['a', 'b'])
    running.get('a')?.()
    await settle()
    expect([...running.keys()]).toEqual(['a', 'b', 'c'])
    for (const end of running.values()) end()
    await consumer.drain()
  })

  it('drains: claims nothing further and waits for what runs', async () => {
    const queue = ['a', 'b']
    const { consumer, running } = createConsumer(1, queue)
    await settle()
    let isDrained = false
    const drained = consumer.drain().then(() => (isDrained = true))
    await settle()
    expect(isDrained).toBe(false)
    running.get('a')?.()
    await drained
    expect(queue).toEqual(['b'])
  })

  it('claims nothing while no engine is up', async () => {
    let open = (): void => undefined
    const whenReady = () => new Promise<void>((resolve) => (open = resolve))
    const { consumer, running, requests } = createConsumer(1, ['a'], { whenReady })
    await settle()
    expect(requests).toEqual([])
    open()
    await settle()
    expect([...running.keys()]).toEqual(['a'])
    running.get('a')?.()
    await settle()
    const drained = consumer.drain()
    open()
    await drained
  })

  it('says what is loaded, so that the ledger can route by it', async () => {
    const { consumer, requests } = createConsumer(1, [])
    await settle()
    expect(requests[0]).toMatchObject({ workerId: 'w', residentIdentities: ['resident'] })
    await consumer.drain()
  })

  it('goes on after a claim that failed', async () => {
    const { consumer, running, failNext } = createConsumer(1, ['a'])
    failNext(1)
    while (running.size === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    running.get('a')?.()
    await consumer.drain()
    expect([...running.keys()]).toEqual(['a'])
  })
})
