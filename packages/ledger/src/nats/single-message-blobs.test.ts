import { randomBytes, randomUUID } from 'node:crypto'
import { jetstream, type JetStreamManager } from '@nats-io/jetstream'
import { Objm } from '@nats-io/obj'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import { openTestStore, type TestStore } from '../test-kit/nats-stores.ts'
import { fitsInMessage, SINGLE_MESSAGE_BYTES } from './single-message-blobs.ts'

describe('fitsInMessage', () => {
  it('takes what leaves room in a message of the broker, and nothing empty', () => {
    const mebibyte = 1024 * 1024
    expect(fitsInMessage(SINGLE_MESSAGE_BYTES, mebibyte)).toBe(true)
    expect(fitsInMessage(SINGLE_MESSAGE_BYTES + 1, mebibyte)).toBe(false)
    expect(fitsInMessage(60 * 1024, 64 * 1024)).toBe(true)
    expect(fitsInMessage(62 * 1024, 64 * 1024)).toBe(false)
    expect(fitsInMessage(0, mebibyte)).toBe(false)
  })
})

describe.skipIf(!hasNatsServer())('result blobs in the broker', () => {
  let server: TestNatsServer
  let connection: NatsConnection
  let jsm: JetStreamManager
  let store: TestStore
  beforeAll(async () => {
    server = await startNatsServer()
    connection = await connect({ servers: server.url })
    jsm = await jetstream(connection).jetstreamManager()
    store = openTestStore(server.url)
    await store.ready()
  })
  afterAll(async () => {
    await store.close()
    await connection.close()
    await server.dispose()
  })

  const createKey = () => `results/${randomUUID()}/1/0`
  const results = () => `OBJ_${store.settings.prefix}-results`
  const countMessages = async () => (await jsm.streams.info(results())).state.messages
  /** Another process, which has nothing in memory. */
  const readElsewhere = async (ref: Awaited<ReturnType<TestStore['blobs']['put']>>) => {
    const other = openTestStore(server.url, store.settings.prefix)
    await other.ready()
    const bytes = await other.blobs.read(ref)
    await other.close()
    return bytes
  }

  it.each([1, 300_000, SINGLE_MESSAGE_BYTES])('of %d bytes are one message', async (length) => {
    const bytes = new Uint8Array(randomBytes(length))
    const before = await countMessages()
    const ref = await store.blobs.put(createKey(), bytes, 'image/png')
    expect((await countMessages()) - before).toBe(1)
    expect(Buffer.compare((await readElsewhere(ref))!, bytes)).toBe(0)
  })

  it.each([0, SINGLE_MESSAGE_BYTES + 1])('of %d bytes are objects', async (length) => {
    const bytes = new Uint8Array(randomBytes(length))
    const ref = await store.blobs.put(createKey(), bytes, 'image/png')
    const objects = await new Objm(jetstream(connection)).open(`${store.settings.prefix}-results`, false)
    expect((await objects.info(ref.key))?.size).toBe(length)
    expect(Buffer.compare((await readElsewhere(ref))!, bytes)).toBe(0)
  })

  it('are read where an earlier version stored them as objects', async () => {
    const objects = await new Objm(jetstream(connection)).open(`${store.settings.prefix}-results`, false)
    const bytes = new Uint8Array(randomBytes(5_000))
    const key = createKey()
    await objects.putBlob({ name: key }, bytes)
    const { sha256 } = await store.blobs.put(createKey(), bytes, 'image/png')
    const ref = { key, sizeBytes: bytes.length, sha256, mediaType: 'image/png' }
    expect(Buffer.compare((await readElsewhere(ref))!, bytes)).toBe(0)
  })

  it('that are damaged are refused by their hash', async () => {
    const ref = await store.blobs.put(createKey(), Buffer.from('right'), 'image/png')
    await expect(readElsewhere({ ...ref, sha256: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'internal',
    })
  })

  it('are gone when they were removed; removing them twice is no error', async () => {
    const ref = await store.blobs.put(createKey(), Buffer.from('x'), 'image/png')
    await store.blobs.remove(ref.key)
    await store.blobs.remove(ref.key)
    expect(await readElsewhere(ref)).toBeUndefined()
  })
})
