import { Job, JobRecord, JobResult, JobState, WorkerDescription } from '@atelier/proto'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createRecord } from '../job-state.ts'
import { useTestBroker } from '../test-kit/nats-broker.ts'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import { claimAny, createTestJob, openTestGateway, type TestStore } from '../test-kit/nats-stores.ts'
import { INLINE_LIMIT_BYTES, RECORD_VERSION } from './record-codec.ts'

const GARBAGE = Uint8Array.from({ length: 64 }, (_, i) => 255 - i)

describe.skipIf(!hasNatsServer())('messages that are not what they should be', () => {
  const broker = useTestBroker()
  let store: TestStore
  beforeEach(async () => {
    store = broker.keep(await openTestGateway(broker.url))
  })

  const kinds = () => store.events.map(({ kind }) => kind)
  const recordSubject = (key: string): string => `$KV.${store.settings.prefix}-jobs.${key}`

  it('a record that is no protobuf is left out and told; others are not touched by it', async () => {
    const job = createTestJob()
    await broker.js.publish(recordSubject('a.broken'), GARBAGE)
    await store.jobs.submit(job)
    expect((await store.jobs.list({})).map((record) => record.job?.id)).toEqual([job.id])
    expect(await store.jobs.read('a', 'broken')).toBeUndefined()
    expect(kinds()).toContain('unreadable')
  })

  it('a record under another’s key is left out', async () => {
    const record = { ...createRecord(createTestJob({ tenant: 'b' })), formatVersion: RECORD_VERSION }
    await broker.js.publish(recordSubject('a.stolen'), JobRecord.encode(record).finish())
    expect(await store.jobs.read('a', 'stolen')).toBeUndefined()
    expect(await store.jobs.list({ tenant: 'a' })).toEqual([])
    expect(kinds()).toContain('unreadable')
  })

  it('a record of a newer program is neither read nor changed', async () => {
    const job = createTestJob()
    const record = { ...createRecord(job), formatVersion: RECORD_VERSION + 1 }
    await broker.js.publish(recordSubject(`a.${job.id}`), JobRecord.encode(record).finish())
    expect(await store.jobs.read('a', job.id)).toBeUndefined()
    expect(await store.jobs.cancel('a', job.id)).toBe('unknown')
    expect(kinds()).toContain('newer-format')
  })

  it('a work message that is no protobuf is removed; the queue goes on', async () => {
    await broker.js.publish(`${store.settings.prefix}.work.any.nonsense`, GARBAGE)
    const job = createTestJob()
    await store.jobs.submit(job)
    expect((await claimAny(store)).record.job?.id).toBe(job.id)
    await expect.poll(kinds).toContain('unreadable')
    const count = async () => (await broker.jsm.streams.info(`${store.settings.prefix}-work`)).state.messages
    await expect.poll(count).toBe(0)
  })

  it('a work message for a job that does not exist is dropped by whoever takes it', async () => {
    const ghost = createTestJob()
    const real = createTestJob({ queueNumber: 1 })
    await broker.js.publish(`${store.settings.prefix}.work.any.${ghost.id}`, Job.encode(ghost).finish())
    await store.jobs.submit(real)
    expect((await claimAny(store)).record.job?.id).toBe(real.id)
  })

  it('a worker’s entry that is nonsense, or of a newer program, is no worker', async () => {
    const subject = `$KV.${store.settings.prefix}-workers`
    await broker.js.publish(`${subject}.x`, GARBAGE)
    const newer = WorkerDescription.fromPartial({ id: 'new', formatVersion: 99 })
    await broker.js.publish(`${subject}.y`, WorkerDescription.encode(newer).finish())
    await store.workers.put(WorkerDescription.fromPartial({ id: 'w' }))
    expect((await store.workers.list()).map(({ id }) => id)).toEqual(['w'])
    expect(kinds()).toEqual(expect.arrayContaining(['unreadable', 'newer-format']))
  })

  it('a notice that is no JSON is told and heard by nobody', async () => {
    const heard: unknown[] = []
    store.notices.listen('t', (notice) => heard.push(notice))
    // Until the broker knows who listens, notices are lost.
    const tellAndLook = (): string[] => {
      broker.connection.publish(`${store.settings.prefix}.notice.t`, 'no json')
      return kinds()
    }
    await expect.poll(tellAndLook).toContain('unreadable')
    expect(heard).toEqual([])
  })

  it('a counter that is no number is an internal fault, not a number', async () => {
    await store.jobs.allocate('a', 'n', 1)
    await broker.js.publish(`$KV.${store.settings.prefix}-counters.a.=bg`, Buffer.from('many'))
    await expect(store.jobs.allocate('a', 'n', 1)).rejects.toMatchObject({ code: 'internal' })
  })
})

describe.skipIf(!hasNatsServer())('what is large', () => {
  let server: TestNatsServer
  let store: TestStore
  beforeAll(async () => {
    server = await startNatsServer()
    store = await openTestGateway(server.url)
  })
  afterAll(async () => {
    await store.close()
    await server.dispose()
  })

  const graph = (bytes: number) => ({
    kind: {
      $case: 'nodeGraph' as const,
      value: {
        graphJson: 'x'.repeat(bytes),
        outputNodeIds: [],
        extraDataJson: '',
        inputFiles: [],
        omitMetadata: false,
      },
    },
  })

  it('a job above the limit of a message comes back whole, wherever it is read', async () => {
    const job = createTestJob(graph(3_000_000))
    await store.jobs.submit(job)
    const second = await openTestGateway(server.url, store.settings.prefix)
    expect((await second.jobs.read('a', job.id))?.job).toEqual(job)
    expect((await second.jobs.list({}))[0]?.job).toEqual(job)
    const lease = await claimAny(second)
    expect(lease.record.job).toEqual(job)
    const result = JobResult.fromPartial({ nodeOutputsJson: { 9: 'y'.repeat(2_000_000) } })
    expect(await second.jobs.finish(lease, { kind: 'done', result })).toBe(true)
    expect(await store.jobs.read('a', job.id)).toMatchObject({ state: JobState.JOB_STATE_DONE, result })
    await second.close()
  })

  it('a watcher hears of a large job whole', async () => {
    const stop = new AbortController()
    const job = createTestJob(graph(2 * INLINE_LIMIT_BYTES))
    const heard = (async () => {
      for await (const record of store.jobs.watch({}, stop.signal))
        if (record.job?.id === job.id) return record
      return undefined
    })()
    await store.jobs.submit(job)
    expect((await heard)?.job).toEqual(job)
    stop.abort()
  })

  it('a blob of many messages comes back whole', async () => {
    const bytes = Uint8Array.from({ length: 3_000_001 }, (_, i) => i % 251)
    const ref = await store.blobs.put('results/j/1/0', bytes, 'image/png')
    const second = await openTestGateway(server.url, store.settings.prefix)
    expect(Buffer.compare((await second.blobs.read(ref)) ?? new Uint8Array(), bytes)).toBe(0)
    await second.close()
  })

  it('a long list of models goes with its worker, and is stored once', async () => {
    const models = Array.from({ length: 2_000 }, (_, i) => ({
      name: `lora-${i}`,
      identity: `${i}`.repeat(20),
    }))
    const worker = WorkerDescription.fromPartial({ id: 'w', models })
    await store.workers.put(worker)
    await store.workers.put(worker)
    expect((await store.workers.list())[0]?.models.map(({ name }) => name)).toEqual(
      models.map(({ name }) => name),
    )
  })

  it('a document above the limit of a message is refused by name and size', async () => {
    await expect(store.documents.write('a', 'k', 'x'.repeat(2_000_000))).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('2000'),
    })
  })

  it('a name that is too long for a key is refused', async () => {
    await expect(store.documents.write('a', 'k'.repeat(5_000), 1)).rejects.toMatchObject({
      code: 'invalid-request',
    })
  })

  it('an id that cannot be part of a key names no job', async () => {
    await expect(store.jobs.submit(createTestJob({ id: 'a.b' }))).rejects.toMatchObject({
      code: 'invalid-request',
    })
  })
})

describe.skipIf(!hasNatsServer())('a broker without room', () => {
  it('refuses as queue-full and takes jobs again when there is room', async () => {
    const server = await startNatsServer()
    const store = await openTestGateway(server.url, 'full', { maxResultBytes: 300_000 })
    const bytes = new Uint8Array(200_000)
    await store.blobs.put('results/j/1/0', bytes, 'image/png')
    await expect(store.blobs.put('results/j/1/1', bytes, 'image/png')).rejects.toMatchObject({
      code: 'queue-full',
      retryable: true,
    })
    expect(store.events.map(({ kind }) => kind)).toContain('storage-full')
    const [results] = await store.readUse()
    expect(results).toMatchObject({ name: 'the store of results', limitBytes: 300_000, fullAtBytes: 270_000 })
    expect(results?.usedBytes).toBeGreaterThan(200_000)
    await store.blobs.remove('results/j/1/0')
    await store.blobs.put('results/j/1/1', bytes, 'image/png')
    await store.close()
    await server.dispose()
  })

  it('refuses a job above the limit of waiting ones, and leaves no trace that runs', async () => {
    const server = await startNatsServer()
    const store = await openTestGateway(server.url, 'queue')
    const connection = await connect({ servers: server.url })
    const jsm = await jetstream(connection).jetstreamManager()
    const { config } = await jsm.streams.info('queue-work')
    await jsm.streams.update('queue-work', { ...config, max_msgs: 2 })
    await store.jobs.submit(createTestJob())
    await store.jobs.submit(createTestJob())
    const refused = createTestJob()
    await expect(store.jobs.submit(refused)).rejects.toMatchObject({ code: 'queue-full' })
    expect((await store.jobs.read('a', refused.id))?.state).toBe(JobState.JOB_STATE_REJECTED)
    // The same request again, when there is room: a job like any other.
    await jsm.streams.update('queue-work', { ...config, max_msgs: 10 })
    await connection.close()
    const again = await store.jobs.submit({ ...refused, id: `${refused.id}2` })
    expect([again.kind, again.record.state]).toEqual(['created', JobState.JOB_STATE_QUEUED])
    expect((await store.jobs.submit({ ...refused, id: `${refused.id}3` })).kind).toBe('attached')
    await store.close()
    await server.dispose()
  })
})
