import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Job, ModelFile, ModelKind } from '@atelier/proto'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { Prefetcher, type PrefetcherOptions } from './prefetcher.ts'

const folder = mkdtempSync(join(tmpdir(), 'prefetch-'))
const file = (name: string) => {
  const path = join(folder, name)
  writeFileSync(path, new Uint8Array(100))
  const kind = ModelKind.MODEL_KIND_CHECKPOINT
  return ModelFile.fromPartial({ kind, name, path, identity: `id of ${name}`, sizeBytes: 100 })
}
const files = ['a', 'b', 'c'].map(file)
const jobWith = (...names: string[]) => ({
  job: Job.fromPartial({
    id: names.join(),
    models: files
      .filter(({ name }) => names.includes(name))
      .map(({ kind, name, identity }) => ({ kind, name, identity })),
  }),
})

describe('Prefetcher', () => {
  const open: Prefetcher[] = []
  afterEach(() => open.splice(0).forEach((prefetcher) => prefetcher.close()))
  const start = (queue: { job: Job }[], changes: Partial<PrefetcherOptions> = {}) => {
    const asked: unknown[] = []
    const prefetcher = new Prefetcher({
      jobs: {
        peek: async (limit) => {
          asked.push(limit)
          return queue.map(({ job }) => job)
        },
      },
      isBusy: () => true,
      accepts: () => true,
      files: () => files,
      residentIdentities: () => [],
      logger: pino({ level: 'silent' }),
      freeBytes: () => 2 ** 30,
      ...changes,
    })
    open.push(prefetcher)
    return { prefetcher, asked }
  }
  const pathsOf = (...names: string[]) => names.map((name) => join(folder, name))

  it("reads the models of the queue's head, once", async () => {
    const { prefetcher, asked } = start([jobWith('a', 'b'), jobWith('c')])
    expect(await prefetcher.look()).toEqual(pathsOf('a', 'b'))
    expect(asked).toEqual([8])
    expect(await prefetcher.look()).toEqual([])
  })

  it('passes over jobs for other workers, and models that are loaded', async () => {
    const accepts = (job: Job) => job.id !== 'a'
    const residentIdentities = () => ['id of b']
    const { prefetcher } = start([jobWith('a'), jobWith('b', 'c')], { accepts, residentIdentities })
    expect(await prefetcher.look()).toEqual(pathsOf('c'))
  })

  it('reads nothing while the worker is idle', async () => {
    const { prefetcher, asked } = start([jobWith('a')], { isBusy: () => false })
    expect(await prefetcher.look()).toEqual([])
    expect(asked).toEqual([])
  })

  it('reads nothing that would push out what memory holds', async () => {
    const { prefetcher } = start([jobWith('a')], { freeBytes: () => 150 })
    expect(await prefetcher.look()).toEqual([])
  })

  it('goes on when the ledger or a file is gone', async () => {
    const gone = { ...files[0]!, path: join(folder, 'gone') }
    expect(await start([jobWith('a')], { files: () => [gone] }).prefetcher.look()).toEqual([])
    const jobs = { peek: () => Promise.reject(new Error('unavailable')) }
    expect(await start([], { jobs }).prefetcher.look()).toEqual([])
  })
})
