import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { hasNatsServer, startNatsServer, type TestNatsServer } from '../test-kit/nats-server.ts'
import { toTestSettings } from '../test-kit/nats-settings.ts'
import { Bucket } from './bucket.ts'
import { NatsLink, type Session } from './link.ts'
import { NatsBlobStore } from './nats-blob-store.ts'
import { PerSession } from './per-session.ts'

describe('what is opened once in a session', () => {
  const session = (number: number) => ({ number }) as Session

  it('is opened by the first that wants it, and again in another session', async () => {
    const open = vi.fn(({ number }: Session) => Promise.resolve(number))
    const opened = new PerSession(open)
    const [first, second] = [session(1), session(2)]
    expect(await Promise.all([opened.get(first), opened.get(first)])).toEqual([1, 1])
    expect(await opened.get(second)).toBe(2)
    expect(open).toHaveBeenCalledTimes(2)
  })

  it('is opened again by the next after it could not be', async () => {
    const open = vi.fn(() => Promise.resolve('open'))
    open.mockRejectedValueOnce(new Error('timeout'))
    const opened = new PerSession(open)
    const one = session(1)
    await expect(opened.get(one)).rejects.toThrow('timeout')
    expect(await opened.get(one)).toBe('open')
  })
})

describe.skipIf(!hasNatsServer())('a broker whose leader was away when a store was opened', () => {
  let server: TestNatsServer
  let link: NatsLink
  beforeAll(async () => {
    server = await startNatsServer()
  })
  afterAll(() => server.dispose())
  beforeEach(async () => {
    link = new NatsLink(toTestSettings(server.url, 'late'))
    await link.ready()
    await link.use('spoil the next opening', async ({ js }) => {
      vi.spyOn(js, 'jetstreamManager').mockRejectedValueOnce(new Error('timeout'))
    })
  })
  afterEach(() => link.close())

  it('takes blobs when it is back', async () => {
    const blobs = new NatsBlobStore(link)
    const put = () => blobs.put('results/a/1/0.png', new Uint8Array([1]), 'image/png')
    await expect(put()).rejects.toMatchObject({ code: 'unavailable' })
    const ref = await put()
    expect(await new NatsBlobStore(link).read(ref)).toEqual(new Uint8Array([1]))
  })

  it('answers for a bucket when it is back', async () => {
    const bucket = new Bucket(link, link.names.documents)
    await expect(bucket.read('a.b')).rejects.toMatchObject({ code: 'unavailable' })
    expect(await bucket.read('a.b')).toBeUndefined()
  })
})
