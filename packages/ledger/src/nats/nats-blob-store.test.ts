import { createHash } from 'node:crypto'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Objm, type ObjectStore } from '@nats-io/obj'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toInputKey, toRequestKey, toResultKey } from '../blob-store.ts'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import { openTestGateway, type TestStore } from '../test-kit/nats-stores.ts'

const HOUR = 3_600_000
const bytes = Buffer.from('picture')
const hash = createHash('sha256').update(bytes).digest('hex')

describe.skipIf(!hasNatsServer())('blobs in the broker', () => {
  let server: TestNatsServer
  let connection: NatsConnection
  let store: TestStore
  let passing: ObjectStore
  let kept: ObjectStore
  beforeAll(async () => {
    server = await startNatsServer()
    connection = await connect({ servers: server.url })
    store = await openTestGateway(server.url, 'blobs', { retentionHours: 10 })
    const stores = new Objm(jetstream(connection))
    passing = await stores.open('blobs-results', false)
    kept = await stores.open('blobs-uploads', false)
  })
  afterAll(async () => {
    await store.close()
    await connection.close()
    await server.dispose()
  })

  it('go with their job’s record where a job made or brought them, and stay where a client keeps them', async () => {
    const jsm = await jetstreamManager(connection)
    const count = async (name: string) => (await jsm.streams.info(`OBJ_blobs-${name}`)).state.messages
    const putAll = async (keys: readonly string[]) => {
      const before = [await count('results'), await count('uploads')]
      for (const key of keys) await store.blobs.put(key, bytes, 'image/png')
      return [(await count('results')) > before[0]!, (await count('uploads')) > before[1]!]
    }
    const passingKeys = [toRequestKey('a', hash), toResultKey('j', 1, 0), 'records/j/1/job', 'workers/w/ff']
    for (const key of passingKeys) expect(await putAll([key]), key).toEqual([true, false])
    for (const key of [toInputKey('a', hash), 'userdata/a/1'])
      expect(await putAll([key]), key).toEqual([false, true])
    const ageOf = async (name: string) => (await jsm.streams.info(name)).config.max_age / 1e6 / HOUR
    // A day longer than the records that name them.
    expect(await ageOf('KV_blobs-jobs')).toBe(10)
    expect(await ageOf('OBJ_blobs-results')).toBe(34)
    expect(await ageOf('OBJ_blobs-uploads')).toBe(0)
  })

  it('that a request brings again are stored again when they would go before its job’s record', async () => {
    const key = toRequestKey('a', createHash('sha256').update('again').digest('hex'))
    const put = async () => {
      await store.blobs.put(key, Buffer.from('again'), 'image/png')
      return (await passing.info(key))?.nuid
    }
    const first = await put()
    store.jump(11 * HOUR)
    expect(await put()).toBe(first)
    store.jump(2 * HOUR)
    expect(await put()).not.toBe(first)
    store.jump(-13 * HOUR)
  })

  it('that clients upload again are stored again when they are old, too: nobody removes what is young', async () => {
    const key = toInputKey('a', createHash('sha256').update('upload').digest('hex'))
    const put = async () => {
      await store.blobs.put(key, Buffer.from('upload'), 'image/png')
      return (await kept.info(key))?.nuid
    }
    const first = await put()
    expect(await put()).toBe(first)
    store.jump(1000 * HOUR)
    expect(await put()).not.toBe(first)
  })
})
