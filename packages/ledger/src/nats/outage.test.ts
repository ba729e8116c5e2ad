import { JobResult, JobState, WorkerDescription } from '@atelier/proto'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPort, hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import {
  claimAny,
  createTestJob,
  openTestGateway,
  openTestStore,
  type TestStore,
} from '../test-kit/nats-stores.ts'
import { GONE_MS } from './presence.ts'

const done = { kind: 'done', result: JobResult.create() } as const

describe.skipIf(!hasNatsServer())('a broker that goes away', () => {
  let server: TestNatsServer
  const stores: TestStore[] = []
  const keep = (store: TestStore): TestStore => {
    stores.push(store)
    return store
  }
  beforeEach(async () => {
    server = await startNatsServer()
  })
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await server.dispose()
  })

  it('is waited for at the start', async () => {
    await server.kill()
    const store = keep(openTestStore(server.url))
    await expect(store.jobs.submit(createTestJob())).rejects.toMatchObject({ code: 'unavailable' })
    await server.start()
    await store.ready()
    expect((await store.jobs.submit(createTestJob())).kind).toBe('created')
  })

  it('makes calls fail as unavailable, and all is there again when it comes back', async () => {
    const store = keep(await openTestGateway(server.url))
    const job = createTestJob()
    await store.jobs.submit(job)
    await server.kill()
    await expect(store.jobs.submit(createTestJob())).rejects.toMatchObject({ code: 'unavailable' })
    await server.start()
    await store.ready()
    expect((await store.jobs.read('a', job.id))?.state).toBe(JobState.JOB_STATE_QUEUED)
    expect(store.events.map(({ kind }) => kind)).toContain('disconnected')
  })

  it('takes no lease: silence counts from its return', async () => {
    const store = keep(await openTestGateway(server.url))
    await store.jobs.submit(createTestJob())
    const lease = await claimAny(store)
    await server.kill()
    store.advance(60_000)
    await server.start()
    await store.ready()
    await expect.poll(async () => store.jobs.renew(lease)).toBe('held')
    expect(await store.jobs.recover()).toBe(0)
    expect(await store.jobs.finish(lease, done)).toBe(true)
  })

  it('makes nobody look dead: a process counts as gone from the broker’s return', async () => {
    const store = keep(await openTestGateway(server.url, 'same'))
    const worker = openTestStore(server.url, 'same')
    await store.jobs.submit(createTestJob())
    await claimAny(worker)
    await worker.close()
    expect(await store.jobs.recover()).toBe(0)
    await server.kill()
    store.advance(60_000)
    await server.start()
    await expect.poll(() => store.events.filter(({ kind }) => kind === 'connected').length).toBe(2)
    await expect.poll(() => store.jobs.list({})).toHaveLength(1)
    expect(await store.jobs.recover()).toBe(0)
    store.advance(GONE_MS)
    await expect.poll(() => store.jobs.recover()).toBe(1)
  }, 30_000)

  it('is followed again: what happens after its return is heard and claimed', async () => {
    const [watcher, other] = [
      keep(await openTestGateway(server.url, 'same')),
      keep(await openTestGateway(server.url, 'same')),
    ]
    const stop = new AbortController()
    const ended: string[] = []
    const watching = (async () => {
      for await (const record of watcher.jobs.watch({}, stop.signal))
        if (record.state === JobState.JOB_STATE_DONE) ended.push(record.job?.id ?? '')
    })()
    const claiming = claimAny(watcher, 'w1', 30_000)
    await server.kill()
    await server.start()
    await other.ready()
    const job = createTestJob()
    await other.jobs.submit(job)
    expect(await watcher.jobs.finish(await claiming, done)).toBe(true)
    await expect.poll(() => ended, { timeout: 10_000 }).toEqual([job.id])
    stop.abort()
    await watching
  }, 60_000)

  it('that forgot its streams gets them again, and goes on', async () => {
    const store = keep(await openTestGateway(server.url))
    await store.jobs.submit(createTestJob())
    const connection = await connect({ servers: server.url })
    const jsm = await jetstreamManager(connection)
    for await (const { config } of jsm.streams.list()) await jsm.streams.delete(config.name)
    await connection.close()
    // A job that is turned away while a stream is still missing keeps that end; who asks again asks for another.
    let job = createTestJob()
    await expect
      .poll(
        () => {
          job = createTestJob()
          return store.jobs.submit(job).then(
            ({ record }) => record.state,
            () => 0,
          )
        },
        { timeout: 20_000 },
      )
      .toBe(JobState.JOB_STATE_QUEUED)
    expect((await claimAny(store)).record.job?.id).toBe(job.id)
    await expect
      .poll(async () => (await store.jobs.list({})).map((record) => record.job?.id))
      .toContain(job.id)
  }, 60_000)

  it('finds the workers that are still there', async () => {
    const store = keep(await openTestGateway(server.url))
    await store.workers.put(WorkerDescription.fromPartial({ id: 'w1' }))
    const lists: number[] = []
    const stop = new AbortController()
    const watching = (async () => {
      for await (const workers of store.workers.watch(stop.signal)) lists.push(workers.length)
    })()
    await expect.poll(() => lists.at(-1)).toBe(1)
    await server.kill()
    await server.start()
    await store.ready()
    await store.workers.put(WorkerDescription.fromPartial({ id: 'w2' }))
    await expect.poll(() => lists.at(-1), { timeout: 10_000 }).toBe(2)
    stop.abort()
    await watching
  })
})

describe.skipIf(!hasNatsServer())('a cluster of three brokers', () => {
  const servers: TestNatsServer[] = []
  const stores: TestStore[] = []
  beforeEach(async () => {
    const [ports, routes] = [await findPorts(3), await findPorts(3)]
    const routeList = routes.map((port) => `nats://127.0.0.1:${port}`).join(',')
    const args = (i: number) => [
      ...['--cluster_name', 'c', '--cluster', `nats://127.0.0.1:${routes[i]}`, '--routes', routeList],
      ...['-n', `n${i}`],
    ]
    servers.push(...(await Promise.all(ports.map((port, i) => startNatsServer({ port, args: args(i) })))))
  })
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await Promise.all(servers.splice(0).map((server) => server.dispose()))
  })

  it('keeps three copies and goes on without their leader', async () => {
    const url = servers.map((server) => server.url).join(',')
    const store = await openTestGateway(url)
    stores.push(store)
    const connection = await connect({ servers: url.split(',') })
    const jsm = await jetstreamManager(connection)
    const { config, cluster } = await jsm.streams.info(`KV_${store.settings.prefix}-jobs`)
    expect(config.num_replicas).toBe(3)
    await connection.close()
    const job = createTestJob()
    await store.jobs.submit(job)
    await servers[Number(cluster?.leader?.slice(1))]?.kill()
    // A new leader is chosen; calls that fail meanwhile are tried again by those who hold something.
    await expect
      .poll(
        () =>
          claimAny(store).then(
            ({ record }) => record.job?.id,
            () => '',
          ),
        { timeout: 40_000 },
      )
      .toBe(job.id)
    const listed = () =>
      store.jobs.list({}).then(
        (records) => records.map((record) => record.state),
        () => [],
      )
    await expect.poll(listed, { timeout: 20_000 }).toEqual([JobState.JOB_STATE_RUNNING])
  }, 90_000)
})

async function findPorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, () => findPort()))
}
