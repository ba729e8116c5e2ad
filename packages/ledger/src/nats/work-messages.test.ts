import { randomUUID } from 'node:crypto'
import { Job, Surface } from '@atelier/proto'
import { headers } from '@nats-io/transport-node'
import { beforeEach, describe, expect, it } from 'vitest'
import { useTestBroker } from '../test-kit/nats-broker.ts'
import { hasNatsServer } from '../test-kit/nats-server.ts'
import {
  claimAny,
  createTestJob,
  openTestGateway,
  openTestStore,
  type TestStore,
} from '../test-kit/nats-stores.ts'
import { RECORD_VERSION } from './record-codec.ts'
import { WHOLE_JOB_BYTES } from './work-queue.ts'

const createGraphJob = (length: number, more: Partial<Job> = {}) =>
  createTestJob({
    kind: {
      $case: 'nodeGraph',
      value: {
        graphJson: 'x'.repeat(length),
        ...{ outputNodeIds: ['1'], extraDataJson: '{}', inputFiles: [], omitMetadata: false },
      },
    },
    surfaceNote: 'a note',
    ...more,
  })

describe.skipIf(!hasNatsServer())('work messages', () => {
  const broker = useTestBroker()
  let store: TestStore
  beforeEach(async () => {
    store = broker.keep(await openTestGateway(broker.url))
  })

  /** Another process that has followed nothing yet. */
  const newcomer = async (): Promise<TestStore> => {
    const other = broker.keep(openTestStore(broker.url, store.settings.prefix))
    await other.ready()
    return other
  }
  const countWork = () => broker.countWork(store)
  const publishWork = async (job: Job, record: string) => {
    const sent = headers()
    sent.set('Atelier-Record', record)
    const subject = `${store.settings.prefix}.work.any.${job.id}`
    await broker.js.publish(subject, Job.encode(job).finish(), { headers: sent })
  }

  it.each([100, WHOLE_JOB_BYTES + 1, 40 * 1024])(
    'lead to the whole job, be it small or large: a graph of %d bytes',
    async (length) => {
      const job = createGraphJob(length)
      await store.jobs.submit(job)
      const { record, epoch } = await claimAny(await newcomer())
      expect(record.job).toEqual(job)
      expect([epoch, record.attempt]).toEqual([1, 1])
      expect((await store.jobs.read('a', job.id))?.job).toEqual(job)
    },
  )

  it('that tell an old record claim nothing', async () => {
    const job = createGraphJob(100)
    await store.jobs.submit(job)
    await store.jobs.cancel('a', job.id)
    await publishWork(job, `${RECORD_VERSION} 1`)
    await expect(claimAny(await newcomer(), 'w1', 1_500)).rejects.toThrow('nothing to claim')
    expect((await store.jobs.read('a', job.id))?.epoch).toBe(0)
  })

  it('of another version are not believed: the record is read', async () => {
    const job = createGraphJob(100)
    await store.jobs.submit(job)
    await publishWork({ ...job, clientId: 'somebody else' }, `${RECORD_VERSION + 1} 1`)
    expect((await claimAny(await newcomer())).record.job).toEqual(job)
  })

  it('of claimed jobs go, in whatever order they are claimed, and those of waiting jobs stay', async () => {
    const jobs = [5, 4, 3, 2, 1, 6, 7].map((queueNumber) => createGraphJob(100, { queueNumber }))
    for (const job of jobs) await store.jobs.submit(job)
    const claimed = [await claimAny(store), await claimAny(store), await claimAny(store)]
    expect(claimed.map(({ record }) => record.job?.queueNumber)).toEqual([1, 2, 3])
    await expect.poll(countWork).toBe(4)
    const other = await newcomer()
    const rest = [await claimAny(other), await claimAny(other), await claimAny(other), await claimAny(other)]
    expect(rest.map(({ record }) => record.job?.queueNumber)).toEqual([4, 5, 6, 7])
    await expect.poll(countWork).toBe(0)
  })

  it('of a job that was handed back lead to it again', async () => {
    const job = createGraphJob(100)
    await store.jobs.submit(job)
    const lease = await claimAny(store)
    await store.jobs.submit(createGraphJob(100, { queueNumber: 1 }))
    expect(await store.jobs.handBack(lease)).toBe(true)
    const again = await claimAny(await newcomer())
    expect([again.record.job?.id, again.epoch]).toEqual([job.id, 2])
    await expect.poll(countWork).toBe(1)
  })
})

describe.skipIf(!hasNatsServer())('a job whose public id is its own id', () => {
  const broker = useTestBroker()
  let store: TestStore
  beforeEach(async () => {
    store = broker.keep(openTestStore(broker.url))
    await store.ready()
  })

  it('is found by a process that has followed nothing, on its surface only', async () => {
    const job = createTestJob()
    await store.jobs.submit(job)
    expect((await store.jobs.find('a', Surface.SURFACE_COMFY, job.id))?.job?.id).toBe(job.id)
    expect(await store.jobs.find('a', Surface.SURFACE_SDAPI, job.id)).toBeUndefined()
    expect(await store.jobs.find('b', Surface.SURFACE_COMFY, job.id)).toBeUndefined()
  })

  it('is attached to when it is submitted again', async () => {
    const job = createTestJob()
    const first = await store.jobs.submit(job)
    const again = await store.jobs.submit(job)
    expect([first.kind, again.kind]).toEqual(['created', 'attached'])
  })

  it('gives way to a later job that takes its id for a public id', async () => {
    const job = createTestJob()
    await store.jobs.submit(job)
    const later = createTestJob({ publicId: job.id, requestDigest: 'other' })
    expect((await store.jobs.submit(later)).kind).toBe('created')
    expect((await store.jobs.find('a', Surface.SURFACE_COMFY, job.id))?.job?.id).toBe(later.id)
  })

  it('is not found under the id of a job that has another public id', async () => {
    const job = createTestJob({ publicId: `chosen ${randomUUID()}` })
    await store.jobs.submit(job)
    expect(await store.jobs.find('a', Surface.SURFACE_COMFY, job.id)).toBeUndefined()
    expect((await store.jobs.find('a', Surface.SURFACE_COMFY, job.publicId))?.job?.id).toBe(job.id)
  })
})
