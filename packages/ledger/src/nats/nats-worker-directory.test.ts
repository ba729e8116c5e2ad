import { BlobRef, ModelFile, WorkerDescription } from '@atelier/proto'
import type { JsMsg } from '@nats-io/jetstream'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { BlobStore } from '../blob-store.ts'
import type { LedgerEvent } from '../ledger-events.ts'
import { WORKER_ENTRY_TTL_MS } from '../worker-directory.ts'
import type { FollowOptions } from './follow.ts'
import type { NatsLink } from './link.ts'
import { NatsWorkerDirectory } from './nats-worker-directory.ts'

const shared = vi.hoisted(() => ({ options: undefined as unknown, values: new Map<string, Uint8Array>() }))
vi.mock('./follow.ts', () => ({
  followStream: (options: unknown) => {
    shared.options = options
    return () => undefined
  },
}))
vi.mock('./bucket.ts', () => ({
  Bucket: class {
    readonly stream = 'KV_workers'
    readonly subjectPrefix = '$KV.workers.'
    put(key: string, value: Uint8Array) {
      shared.values.set(key, value)
      return Promise.resolve(1)
    }
    remove(key: string) {
      return Promise.resolve(shared.values.delete(key))
    }
    listValues() {
      return Promise.resolve(
        [...shared.values.values()].map((value) => ({ value, revision: 1, storedAtMs: 0 })),
      )
    }
  },
}))

const worker = (id: string, more: Partial<WorkerDescription> = {}) =>
  WorkerDescription.fromPartial({ id, ...more })
const manyModels = Array.from({ length: 400 }, (_, i) =>
  ModelFile.fromPartial({
    name: `model-${i}.safetensors`,
    path: `/models/a/long/path/model-${i}.safetensors`,
  }),
)

function open() {
  const [events, sessions, stored, puts] = [
    [] as LedgerEvent[],
    [] as (() => void)[],
    new Map<string, Uint8Array>(),
    [] as string[],
  ]
  const clock = { elapsed: 0 }
  const blobs: BlobStore = {
    put(key, bytes, mediaType) {
      puts.push(key)
      stored.set(key, bytes)
      return Promise.resolve(BlobRef.fromPartial({ key, sizeBytes: bytes.length, mediaType }))
    },
    read: ({ key }) => Promise.resolve(stored.get(key)),
    remove: () => Promise.resolve(),
  }
  const link = {
    names: { workers: 'workers' },
    emit: (event: LedgerEvent) => events.push(event),
    onSession: (listener: () => void) => {
      sessions.push(listener)
      return () => undefined
    },
  }
  const directory = new NatsWorkerDirectory(link as unknown as NatsLink, blobs, () => clock.elapsed)
  const follow = () => {
    directory.follow()
    return shared.options as FollowOptions
  }
  const hear = (key: string, data: Uint8Array, operation = '') =>
    (shared.options as FollowOptions).onMessage({
      ...{ subject: `$KV.workers.${key}`, data, headers: { get: () => operation } },
    } as unknown as JsMsg)
  const hearOf = (one: WorkerDescription) => hear(one.id, WorkerDescription.encode(one).finish())
  return { directory, events, sessions, stored, puts, clock, follow, hear, hearOf }
}

const idsOf = (workers: readonly WorkerDescription[]) => workers.map(({ id }) => id)

describe('NatsWorkerDirectory', () => {
  beforeEach(() => {
    shared.options = undefined
    shared.values.clear()
  })

  it('lists by id what was put, under names that no key could have', async () => {
    const { directory } = open()
    await directory.put(worker('zeta'))
    await directory.put(worker('host.example 7 *>'))
    expect(idsOf(await directory.list())).toEqual(['host.example 7 *>', 'zeta'])
    for (const key of shared.values.keys()) expect(key).toMatch(/^[-/=\w]+$/)
    await directory.remove('host.example 7 *>')
    expect(idsOf(await directory.list())).toEqual(['zeta'])
  })

  it('keeps a long list of models apart, and stores it again when it has changed or is old', async () => {
    const { directory, puts, clock } = open()
    await directory.put(worker('w', { models: manyModels }))
    await directory.put(worker('w', { models: manyModels }))
    expect(puts).toHaveLength(1)
    expect([...shared.values.values()][0]!.length).toBeLessThan(1024)
    expect((await directory.list())[0]?.models).toEqual(manyModels)
    await directory.put(worker('w', { models: manyModels.slice(1) }))
    expect(new Set(puts).size).toBe(2)
    clock.elapsed = 3_600_000
    await directory.put(worker('w', { models: manyModels.slice(1) }))
    expect(puts).toHaveLength(3)
  })

  it('shows a worker whose list of models cannot be read without models', async () => {
    const { directory, stored } = open()
    await directory.put(worker('w', { models: manyModels }))
    stored.clear()
    expect(await directory.list()).toMatchObject([{ id: 'w', models: [] }])
  })

  it('forgets a worker that is silent by this process’s own clock', () => {
    const { directory, follow, hearOf, clock } = open()
    follow()
    hearOf(worker('a'))
    clock.elapsed = WORKER_ENTRY_TTL_MS - 1
    hearOf(worker('b'))
    clock.elapsed = WORKER_ENTRY_TTL_MS
    expect(idsOf(directory.living())).toEqual(['a', 'b'])
    clock.elapsed = WORKER_ENTRY_TTL_MS + 1
    expect(idsOf(directory.living())).toEqual(['b'])
  })

  it('counts silence anew when the broker comes back', () => {
    const { directory, follow, hearOf, clock, sessions } = open()
    follow()
    hearOf(worker('a'))
    clock.elapsed = 10 * WORKER_ENTRY_TTL_MS
    for (const listener of sessions) listener()
    expect(idsOf(directory.living())).toEqual(['a'])
  })

  it('drops those whose entry was removed, expired, or is missing after a read from the start', () => {
    const { directory, follow, hear, hearOf } = open()
    const options = follow()
    for (const id of ['a', 'b', 'c', 'd']) hearOf(worker(id))
    hear('a', new Uint8Array(), 'DEL')
    hear('b', new Uint8Array(), 'PURGE')
    options.onStart()
    hearOf(worker('d'))
    options.onLoaded()
    expect(idsOf(directory.living())).toEqual(['d'])
  })

  it.each([
    ['is no worker', Uint8Array.of(0xff), 'unreadable'],
    ['has no name', WorkerDescription.encode(worker('')).finish(), 'unreadable'],
    [
      'a newer program wrote',
      WorkerDescription.encode(worker('x', { formatVersion: 2 })).finish(),
      'newer-format',
    ],
  ])('leaves out an entry that %s, and says so', async (_what, value, kind) => {
    const { directory, events } = open()
    shared.values.set('x', value)
    await directory.put(worker('good'))
    expect(idsOf(await directory.list())).toEqual(['good'])
    expect(events.map((event) => event.kind)).toEqual([kind])
  })

  it('tells who lives when that changes, not each time they say so', async () => {
    const { directory, follow, hearOf } = open()
    const options = follow()
    hearOf(worker('a'))
    options.onLoaded()
    const stop = new AbortController()
    const told: string[][] = []
    const watching = (async () => {
      for await (const workers of directory.watch(stop.signal)) told.push(idsOf(workers))
    })()
    const settle = () => new Promise((resolve) => setTimeout(resolve, 5))
    await settle()
    hearOf(worker('a'))
    await settle()
    hearOf(worker('b'))
    await settle()
    stop.abort()
    await watching
    expect(told).toEqual([['a'], ['a', 'b']])
  })
})
