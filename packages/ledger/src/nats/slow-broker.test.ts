import { connect as dial, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { JobResult, JobState } from '@atelier/proto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import {
  claimAny,
  createTestJob,
  openTestGateway,
  openTestStore,
  type TestStore,
} from '../test-kit/nats-stores.ts'

const done = { kind: 'done', result: JobResult.create() } as const

/** A way to a port on which everything takes so much longer, in each direction. */
async function openSlowWay(port: number, delayMs: number): Promise<{ url: string; server: Server }> {
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (data) => setTimeout(() => to.writable && to.write(data), delayMs))
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }
  const server = createServer((near) => {
    const far = dial(port, '127.0.0.1')
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

describe.skipIf(!hasNatsServer())('a broker that is slow', () => {
  let nats: TestNatsServer
  const stores: TestStore[] = []
  const keep = (store: TestStore): TestStore => {
    stores.push(store)
    return store
  }
  beforeAll(async () => {
    nats = await startNatsServer()
  })
  afterEach(() => Promise.all(stores.splice(0).map((store) => store.close())))
  afterAll(() => nats.dispose())

  it('is waited for: jobs run from their submission to their end', async () => {
    const { url, server } = await openSlowWay(nats.port, 150)
    const store = keep(await openTestGateway(url))
    const job = createTestJob()
    expect((await store.jobs.submit(job)).kind).toBe('created')
    const lease = await claimAny(store, 'w1', 20_000)
    expect(await store.jobs.renew(lease)).toBe('held')
    const ref = await store.blobs.put('results/j/1/0', new Uint8Array(700_000), 'image/png')
    expect((await store.blobs.read(ref))?.length).toBe(700_000)
    expect(await store.jobs.finish(lease, done)).toBe(true)
    expect((await store.jobs.read('a', job.id))?.state).toBe(JobState.JOB_STATE_DONE)
    server.close()
  }, 60_000)

  it('that hangs makes calls fail as unavailable; what was sent meanwhile is one job when it goes on', async () => {
    const store = keep(await openTestGateway(nats.url))
    const held = createTestJob()
    await store.jobs.submit(held)
    const lease = await claimAny(store)
    const job = createTestJob({ publicId: 'p', requestDigest: 'd' })
    nats.freeze(true)
    await expect(store.jobs.submit(job)).rejects.toMatchObject({ code: 'unavailable', retryable: true })
    nats.freeze(false)
    const again = createTestJob({ publicId: 'p', requestDigest: 'd' })
    const submit = () =>
      store.jobs.submit(again).then(
        ({ record }) => record.state,
        () => 0,
      )
    await expect.poll(submit, { timeout: 30_000 }).toBe(JobState.JOB_STATE_QUEUED)
    const queued = await store.jobs.list({ states: [JobState.JOB_STATE_QUEUED] })
    expect(queued.map((record) => record.job?.publicId)).toEqual(['p'])
    // Who held something holds it still.
    expect(await store.jobs.finish(lease, done)).toBe(true)
  }, 60_000)

  it('that hangs at the start is there when it goes on', async () => {
    nats.freeze(true)
    const store = keep(openTestStore(nats.url))
    await expect(store.jobs.submit(createTestJob())).rejects.toMatchObject({ code: 'unavailable' })
    nats.freeze(false)
    await store.ready()
    expect((await store.jobs.submit(createTestJob())).kind).toBe('created')
  }, 60_000)
})
