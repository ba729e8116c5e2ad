import { jetstream, RetentionPolicy, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import { toTestSettings } from '../test-kit/nats-settings.ts'
import { ensureLayout } from './ensure-layout.ts'
import { createNames, declareStreams } from './layout.ts'

const NANOS_PER_HOUR = 3_600_000_000_000

describe.skipIf(!hasNatsServer())('ensureLayout', () => {
  let server: TestNatsServer
  let connection: NatsConnection
  let jsm: JetStreamManager
  beforeAll(async () => {
    server = await startNatsServer()
    connection = await connect({ servers: server.url })
    jsm = await jetstream(connection).jetstreamManager()
  })
  afterAll(async () => {
    await connection.close()
    await server.dispose()
  })

  const declare = (prefix: string, retentionHours: number, replicas = 1) =>
    declareStreams(createNames(prefix), toTestSettings(server.url, prefix, { retentionHours }), replicas)

  it('makes every stream with what was declared, once, however many do it at once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => ensureLayout(jsm, declare('many', 2))))
    for (const declared of declare('many', 2)) {
      const { config } = await jsm.streams.info(declared.name)
      expect(config).toMatchObject(declared)
    }
  })

  it('changes nothing that is as declared, and keeps what the streams hold', async () => {
    const births = await ensureLayout(jsm, declare('same', 2))
    await jetstream(connection).publish('$KV.same-jobs.a.b', 'x')
    expect(await ensureLayout(jsm, declare('same', 2))).toEqual(births)
    await ensureLayout(jsm, declare('same', 5))
    const { config, state } = await jsm.streams.info('KV_same-jobs')
    expect([config.max_age, state.messages]).toEqual([5 * NANOS_PER_HOUR, 1])
  })

  it('gives pictures longer than the records that name them, and keeps uploads', async () => {
    await ensureLayout(jsm, declare('ages', 10))
    const ageOf = async (name: string) => (await jsm.streams.info(name)).config.max_age
    expect(await ageOf('OBJ_ages-results')).toBeGreaterThan(await ageOf('KV_ages-jobs'))
    expect(await ageOf('OBJ_ages-uploads')).toBe(0)
  })

  it('refuses a stream of that name that is of another kind, by name', async () => {
    await jsm.streams.add({ name: 'taken-work', subjects: ['x'], retention: RetentionPolicy.Workqueue })
    await expect(ensureLayout(jsm, declare('taken', 2))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('taken-work'),
    })
  })
})
