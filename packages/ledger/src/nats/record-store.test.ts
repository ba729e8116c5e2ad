import { BlobRef, Job, JobRecord, JobState, Surface } from '@atelier/proto'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { BlobStore } from '../blob-store.ts'
import { AtelierError } from '../errors.ts'
import type { LedgerEvent } from '../ledger-events.ts'
import type { Found, Stored } from './bucket.ts'
import type { NatsLink } from './link.ts'
import { RecordStore, type KnownRecord } from './record-store.ts'

/** A bucket in memory whose writes can be lost, with or without their effect, or come too late. */
class MemoryBucket {
  readonly entries = new Map<string, Stored | { readonly isRemoved: true; readonly revision: number }>()
  /** What happens at the next writes, in order. */
  readonly mishaps: ('lost before' | 'lost after' | 'refused')[] = []
  reads = 0
  #revision = 0

  find(key: string): Promise<Found> {
    this.reads += 1
    return Promise.resolve(this.entries.get(key) ?? { isRemoved: false, revision: 0 })
  }

  async read(key: string): Promise<Stored | undefined> {
    const found = await this.find(key)
    return 'value' in found ? found : undefined
  }

  replace(key: string, value: Uint8Array, expected: number): Promise<number | undefined> {
    const mishap = this.mishaps.shift()
    if (mishap === 'lost before') return Promise.reject(new AtelierError('unavailable', 'no answer'))
    if (mishap === 'refused') return Promise.reject(new AtelierError('queue-full', 'no room'))
    if ((this.entries.get(key)?.revision ?? 0) !== expected) return Promise.resolve(undefined)
    this.#revision += 1
    this.entries.set(key, { value, revision: this.#revision, storedAtMs: 0 })
    if (mishap === 'lost after') return Promise.reject(new AtelierError('unavailable', 'no answer'))
    return Promise.resolve(this.#revision)
  }
}

const shared = vi.hoisted(() => ({ bucket: undefined as unknown, pauses: [] as number[] }))
vi.mock('./bucket.ts', () => ({
  Bucket: class {
    constructor() {
      return shared.bucket as object
    }
  },
}))
vi.mock('node:timers/promises', () => ({
  setTimeout: (milliseconds: number) => Promise.resolve(void shared.pauses.push(milliseconds)),
}))

const PLACE = { tenant: 'open', jobId: 'j1' }
const first = () =>
  JobRecord.fromPartial({
    job: Job.fromPartial({ id: 'j1', tenant: 'open', surface: Surface.SURFACE_SDAPI }),
    state: JobState.JOB_STATE_QUEUED,
    revision: 1,
  })
/** A change that can be counted. */
const count = (record: JobRecord): JobRecord => ({ ...record, attempt: record.attempt + 1 })

function open() {
  const [events, written, stored] = [[] as LedgerEvent[], [] as KnownRecord[], new Map<string, Uint8Array>()]
  const blobs: BlobStore = {
    put(key, bytes, mediaType) {
      stored.set(key, bytes)
      return Promise.resolve(BlobRef.fromPartial({ key, sizeBytes: bytes.length, mediaType }))
    },
    read: ({ key }) => Promise.resolve(stored.get(key)),
    remove: () => Promise.resolve(),
  }
  const link = { names: { jobs: 'jobs' }, emit: (event: LedgerEvent) => events.push(event) }
  const store = new RecordStore(link as unknown as NatsLink, blobs, (known) => written.push(known))
  return { store, events, written, stored }
}

describe('RecordStore', () => {
  let bucket: MemoryBucket
  beforeEach(() => {
    bucket = new MemoryBucket()
    shared.bucket = bucket
    shared.pauses.length = 0
  })
  const readAttempts = async (store: RecordStore) => (await store.read('open', 'j1'))?.record.attempt

  it('makes a record once, and tells of each that it wrote', async () => {
    const { store, written } = open()
    expect(await store.create(first())).toMatchObject({ revision: 1 })
    expect(await store.create(first())).toBeUndefined()
    await store.change(PLACE, count)
    expect(written.map(({ revision }) => revision)).toEqual([1, 2])
  })

  it('loses no change of many at once, each made once', async () => {
    const { store, events } = open()
    await store.create(first())
    const changes = await Promise.all(Array.from({ length: 12 }, () => store.change(PLACE, count)))
    expect(changes.every((change) => change?.isChanged)).toBe(true)
    expect(changes.map((change) => change!.record.attempt).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
    expect(await readAttempts(store)).toBe(12)
    expect(events.every(({ kind }) => kind === 'conflict')).toBe(true)
  })

  it('gives up where others are always faster', async () => {
    const { store } = open()
    await store.create(first())
    const interfere = (record: JobRecord) => {
      const entry = bucket.entries.get('open.j1') as Stored
      bucket.entries.set('open.j1', { ...entry, revision: entry.revision + 100 })
      return count(record)
    }
    await expect(store.change(PLACE, interfere)).rejects.toMatchObject({ code: 'unavailable' })
    expect(bucket.reads).toBe(20)
  })

  it('makes a change once whose answer was lost, whether it had been made or not', async () => {
    for (const mishap of ['lost after', 'lost before'] as const) {
      bucket = new MemoryBucket()
      shared.bucket = bucket
      const { store, written } = open()
      await store.create(first())
      bucket.mishaps.push(mishap)
      expect(await store.change(PLACE, count)).toMatchObject({
        isChanged: true,
        revision: 2,
        record: { attempt: 1 },
      })
      expect(await readAttempts(store)).toBe(1)
      expect(written).toHaveLength(2)
    }
    expect(shared.pauses).toEqual([250, 250])
  })

  it('does not try again what the broker has no room for', async () => {
    const { store } = open()
    await store.create(first())
    bucket.mishaps.push('refused')
    await expect(store.change(PLACE, count)).rejects.toMatchObject({ code: 'queue-full' })
    expect(await readAttempts(store)).toBe(0)
  })

  it('saves a read where the record is known, and makes the change where that is out of date', async () => {
    const { store } = open()
    const known = (await store.create(first()))!
    expect(await store.change(PLACE, count, known)).toMatchObject({ isChanged: true })
    expect(bucket.reads).toBe(0)
    expect(await store.change(PLACE, count, known)).toMatchObject({ isChanged: true, record: { attempt: 2 } })
    expect(bucket.reads).toBe(1)
  })

  it('does not refuse on the word of a record that is out of date', async () => {
    const { store } = open()
    const known = (await store.create(first()))!
    await store.change(PLACE, count)
    const onlyCounted = (record: JobRecord) => (record.attempt === 0 ? undefined : count(record))
    expect(await store.change(PLACE, onlyCounted, known)).toMatchObject({
      isChanged: true,
      record: { attempt: 2 },
    })
    expect(await store.change(PLACE, () => undefined, known)).toMatchObject({
      isChanged: false,
      record: { attempt: 2 },
    })
  })

  it('tells a record that was removed from one that never was', async () => {
    const { store } = open()
    bucket.entries.set('open.j1', { isRemoved: true, revision: 7 })
    expect([await store.find('open', 'j1'), await store.find('open', 'j2')]).toEqual(['removed', 'nothing'])
    expect([await store.read('open', 'j1'), await store.change(PLACE, count)]).toEqual([undefined, undefined])
  })

  it.each([
    ['is no record', Uint8Array.of(0xff, 0xff), 'unreadable'],
    [
      'is another job’s',
      JobRecord.encode({ ...first(), job: Job.fromPartial({ id: 'x', tenant: 'open' }) }).finish(),
      'unreadable',
    ],
    [
      'is in no state',
      JobRecord.encode({ ...first(), state: JobState.JOB_STATE_UNSPECIFIED }).finish(),
      'unreadable',
    ],
    ['a newer program wrote', JobRecord.encode({ ...first(), formatVersion: 2 }).finish(), 'newer-format'],
  ])('leaves alone what %s, and says so', async (_what, value, kind) => {
    const { store, events } = open()
    bucket.entries.set('open.j1', { value, revision: 3, storedAtMs: 0 })
    expect(await store.find('open', 'j1')).toBe('nothing')
    expect(await store.change(PLACE, count)).toBeUndefined()
    expect(events.map((event) => event.kind)).toEqual([kind, kind])
    expect((bucket.entries.get('open.j1') as Stored).value).toBe(value)
  })

  it.each([
    ['Open', 'j'],
    ['open', 'j.k'],
    ['open', ''],
    ['', 'j'],
    ['open', '*'],
    ['open', 'x'.repeat(65)],
    ['a>b', 'j'],
  ])('takes no key that would be another’s: %j, %j', async (tenant, jobId) => {
    await expect(open().store.read(tenant, jobId)).rejects.toMatchObject({ code: 'invalid-request' })
  })

  it('keeps a large job aside, and stores it once however often its record changes', async () => {
    const { store, stored } = open()
    const surfaceNote = 'x'.repeat(100_000)
    const record = { ...first(), job: Job.fromPartial({ ...first().job, surfaceNote }) }
    await store.create(record)
    const { record: light } = (await store.read('open', 'j1'))!
    expect(light.job?.surfaceNote).toBe('')
    expect((bucket.entries.get('open.j1') as Stored).value.length).toBeLessThan(32 * 1024)
    await store.change(PLACE, count)
    await store.change(PLACE, count)
    expect([...stored.keys()]).toEqual(['records/j1/0/job'])
    const whole = await store.complete((await store.read('open', 'j1'))!.record)
    expect([whole.attempt, whole.job?.surfaceNote]).toEqual([2, surfaceNote])
  })
})
