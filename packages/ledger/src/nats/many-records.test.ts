import { randomUUID } from 'node:crypto'
import { JobRecord, JobState, type Job } from '@atelier/proto'
import { beforeEach, describe, expect, it } from 'vitest'
import { createRecord } from '../job-state.ts'
import { useTestBroker } from '../test-kit/nats-broker.ts'
import { hasNatsServer } from '../test-kit/nats-server.ts'
import { createTestJob, openTestStore, type TestStore } from '../test-kit/nats-stores.ts'
import { findNewest } from './find-newest.ts'
import { RECORD_VERSION } from './record-codec.ts'

const KNOWN = 100

describe.skipIf(!hasNatsServer())('a broker that holds more records than a gateway reads', () => {
  const broker = useTestBroker()
  let maker: TestStore
  beforeEach(async () => {
    maker = broker.keep(openTestStore(broker.url))
    await maker.ready()
  })

  const bucket = () => `${maker.settings.prefix}-jobs`
  /** Stores ended records, each written `writes` times. */
  const putEnded = async (count: number, writes = 1): Promise<Job[]> => {
    const jobs = Array.from({ length: count }, () => createTestJob({ publicId: randomUUID() }))
    for (let write = 0; write < writes; write += 1)
      await Promise.all(
        jobs.map((job) => {
          const state = { state: JobState.JOB_STATE_DONE, endedAtMs: 1, formatVersion: RECORD_VERSION }
          const bytes = JobRecord.encode({ ...createRecord(job), ...state }).finish()
          return broker.js.publish(`$KV.${bucket()}.a.${job.id}`, bytes)
        }),
      )
    return jobs
  }
  const openGateway = async (): Promise<TestStore> => {
    const gateway = broker.keep(openTestStore(broker.url, maker.settings.prefix, { endedKnown: KNOWN }))
    await gateway.ready()
    return gateway
  }

  it('finds where the newest begin, over gaps', async () => {
    await putEnded(300, 3)
    await putEnded(50)
    const start = await findNewest(broker.jsm, `KV_${bucket()}`, 120)
    // 300 live records end at sequence 900; 50 more follow: some 60 to 70 of the former are wanted.
    expect(start).toBeGreaterThanOrEqual(900 - 70 + 1)
    expect(start).toBeLessThanOrEqual(900 - 58 + 1)
    expect(await findNewest(broker.jsm, `KV_${bucket()}`, 350)).toBeUndefined()
  })

  it('lists the newest, and reads the others by their ids', async () => {
    const old = await putEnded(150)
    const young = await putEnded(60)
    const gateway = await openGateway()
    const listed = (await gateway.jobs.list({ states: [JobState.JOB_STATE_DONE] })).map(({ job }) => job?.id)
    expect(listed.length).toBeLessThanOrEqual(KNOWN)
    expect(listed.length).toBeGreaterThanOrEqual(KNOWN * 0.9 - 1)
    for (const { id } of young) expect(listed).toContain(id)
    expect((await gateway.jobs.read('a', old[0]!.id))?.state).toBe(JobState.JOB_STATE_DONE)
  })

  it('knows every job that waits, however many have ended since it came', async () => {
    const waiting = createTestJob()
    await maker.jobs.submit(waiting)
    await putEnded(150)
    const gateway = await openGateway()
    const heard: (string | undefined)[] = []
    const stop = new AbortController()
    const watching = (async () => {
      for await (const { job } of gateway.jobs.watch({}, stop.signal)) heard.push(job?.id)
    })()
    const listWaiting = async () => {
      gateway.advance(4_000)
      await gateway.jobs.recover()
      const records = await gateway.jobs.list({ states: [JobState.JOB_STATE_QUEUED] })
      return records.map(({ job }) => job?.id)
    }
    await expect.poll(listWaiting).toEqual([waiting.id])
    expect(heard).toContain(waiting.id)
    stop.abort()
    await watching
  })

  it('does not remember more the longer it runs', async () => {
    const gateway = await openGateway()
    await gateway.jobs.list({})
    const first = await putEnded(100)
    await gateway.jobs.list({})
    await putEnded(100)
    const listed = (await gateway.jobs.list({})).map(({ job }) => job?.id)
    expect(listed).toHaveLength(KNOWN)
    expect(listed).not.toContain(first[0]!.id)
  })
})
