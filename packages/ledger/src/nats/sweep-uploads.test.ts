import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { FolderKind, NamedFile, type BlobRef } from '@atelier/proto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { toInputKey, toResultKey, type BlobStore, type UploadStore } from '../blob-store.ts'
import { hasTool } from '../test-kit/config.ts'
import { useTestBroker } from '../test-kit/nats-broker.ts'
import { hasNatsServer } from '../test-kit/nats-server.ts'
import { openTestGateway, type TestStore } from '../test-kit/nats-stores.ts'
import { toTestSettings } from '../test-kit/nats-settings.ts'
import { startS3Server, type TestS3Server } from '../test-kit/s3-server.ts'
import { S3BlobStore } from '../s3/s3-blob-store.ts'
import { Bucket } from './bucket.ts'
import { NatsLink } from './link.ts'
import { NatsBlobStore } from './nats-blob-store.ts'
import { sweepUploads, type SweepUploadsOptions } from './sweep-uploads.ts'

/** More than the broker's and the store's clocks tell apart: an S3 server has whole seconds, and its Date header may lag by one. */
const TICK_MS = 3_100

describe.skipIf(!hasNatsServer() || !hasTool('versitygw'))('sweeping uploads', () => {
  const broker = useTestBroker()
  let s3: TestS3Server
  beforeAll(async () => {
    s3 = await startS3Server()
  })
  afterAll(() => s3.dispose())

  describe.each(['the broker', 'a bucket'])('in %s', (place) => {
    let store: TestStore
    let link: NatsLink
    let blobs: BlobStore & UploadStore
    let options: SweepUploadsOptions
    beforeEach(async () => {
      store = broker.keep(await openTestGateway(broker.url))
      link = new NatsLink(toTestSettings(broker.url, store.settings.prefix))
      const settings = { ...s3.settings, prefix: randomUUID() }
      blobs = place === 'a bucket' ? new S3BlobStore(settings) : new NatsBlobStore(link)
      options = {
        stores: [blobs],
        files: new Bucket(link, link.names.files),
        marks: new Bucket(link, link.names.unnamed),
        ...{ keepMs: 0, youngMs: 0, restMs: 0, now: Date.now },
      }
      return () => link.close()
    })

    const put = async (text: string, tenant = 'a') => {
      const hash = createHash('sha256').update(text).digest('hex')
      const ref = await blobs.put(toInputKey(tenant, hash), Buffer.from(text), 'image/png')
      // Its clock has whole seconds.
      if (place === 'a bucket') await sleep(TICK_MS)
      return ref
    }
    const name = (blob: BlobRef, more: Partial<NamedFile> = {}) =>
      store.files.put(
        'a',
        NamedFile.fromPartial({ folder: FolderKind.FOLDER_KIND_INPUT, name: 'i.png', blob, ...more }),
      )
    /** Whether others, which remember nothing, find it. */
    const isThere = async (ref: BlobRef) => {
      const all: string[] = []
      for await (const { key } of blobs.listUploads()) all.push(key)
      return all.includes(ref.key)
    }
    const sweep = (more: Partial<SweepUploadsOptions> = {}) => sweepUploads({ ...options, ...more })

    it('removes one that was written over, when it has had no name for long enough', async () => {
      const [first, second] = [await put('first'), await put('second')]
      await name(first)
      await name(second)
      // The first look finds it without a name, the next ones wait until no record can name it.
      expect(await sweep({ keepMs: 3_600_000 })).toBe(0)
      expect(await sweep({ keepMs: 3_600_000 })).toBe(0)
      expect(await isThere(first)).toBe(true)
      expect(await sweep()).toBe(1)
      expect([await isThere(first), await isThere(second)]).toEqual([false, true])
      expect(await blobs.read({ ...first })).toBeUndefined()
      expect(await sweep()).toBe(0)
    })

    it('keeps one that has a name again, and counts anew when it loses that', async () => {
      const ref = await put('again')
      expect(await sweep()).toBe(0)
      await name(ref)
      expect(await sweep()).toBe(0)
      await store.files.remove('a', FolderKind.FOLDER_KIND_INPUT, '', 'i.png')
      expect(await sweep()).toBe(0)
      expect(await isThere(ref)).toBe(true)
      expect(await sweep()).toBe(1)
    })

    it('leaves alone what was stored a moment ago, and what was stored again after it lost its name', async () => {
      const ref = await put('young')
      expect(await sweep({ youngMs: 60_000 })).toBe(0)
      expect(await sweep({ youngMs: 60_000 })).toBe(0)
      expect(await sweep()).toBe(0)
      await sleep(TICK_MS)
      // As by another gateway, which does not know that it is there.
      if (place === 'the broker') await blobs.remove(ref.key)
      await put('young')
      expect(await sweep()).toBe(0)
      expect(await isThere(ref)).toBe(true)
      expect(await sweep()).toBe(1)
    })

    it('removes nothing that is stored again while it is judged', async () => {
      const ref = await put('raced')
      await sweep()
      const racing: UploadStore = {
        listUploads: () => blobs.listUploads(),
        removeOld: async (key, youngMs) => {
          await blobs.remove(key)
          await put('raced')
          return blobs.removeOld(key, youngMs)
        },
      }
      await sweep({ stores: [racing], youngMs: -1 })
      await put('raced')
      expect(await sweep({ stores: [racing], youngMs: 60_000 })).toBe(0)
      expect(await isThere(ref)).toBe(true)
    })

    it('is done by one process at a time, and by any number at once without harm', async () => {
      const refs = await Promise.all(['1', '2', '3'].map((text) => put(text)))
      await name(refs[0]!)
      await Promise.all([sweep(), sweep(), sweep()])
      const counts = await Promise.all([sweep(), sweep(), sweep()])
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(2)
      expect(await Promise.all(refs.map(isThere))).toEqual([true, false, false])
      await put('4')
      expect([await sweep({ restMs: 60_000 }), await sweep({ restMs: 60_000 })]).toEqual([0, 0])
    })

    it('does not touch what is no upload', async () => {
      const others = ['userdata/a/1', 'results/j/1/0', 'inputs/a/not-a-hash']
      const refs = await Promise.all(others.map((key) => blobs.put(key, Buffer.from(key), 'image/png')))
      await sweep()
      expect(await sweep()).toBe(0)
      for (const ref of refs) expect(await blobs.read(ref)).toBeDefined()
    })

    it('takes names of results away whose pictures have gone by their age', async () => {
      const blob = await blobs.put(toResultKey('j', 1, 0), Buffer.from('x'), 'image/png')
      const folder = FolderKind.FOLDER_KIND_OUTPUT
      await name(blob, { folder, name: 'old.png', storedAtMs: Date.now() - 7_200_000 })
      await name(blob, { folder, name: 'new.png', storedAtMs: Date.now() })
      await sweep({ keepMs: 3_600_000 })
      expect((await store.files.list('a', folder)).map((file) => file.name)).toEqual(['new.png'])
    })

    it('removes nothing when it cannot read what has a name', async () => {
      const ref = await put('unclear')
      await sweep()
      await broker.js.publish(`$KV.${link.names.files}.a.1.damaged`, Buffer.from([0xff]))
      await expect(sweep()).rejects.toThrow()
      expect(await isThere(ref)).toBe(true)
    })
  })
})
