import { ModelFile, ModelKind, WorkerDescription } from '@atelier/proto'
import type { WorkerDirectory } from '@atelier/ledger'
import { describe, expect, it, vi } from 'vitest'
import { DirectoryModelIndex } from './directory-model-index.ts'

const file = (name: string, more: Partial<ModelFile> = {}) =>
  ModelFile.fromPartial({ kind: ModelKind.MODEL_KIND_CHECKPOINT, name, identity: name, ...more })
const worker = (id: string, ...models: ModelFile[]) => WorkerDescription.fromPartial({ id, models })

function directoryOf(...lists: WorkerDescription[][]): WorkerDirectory {
  return {
    put: async () => undefined,
    remove: async () => undefined,
    list: async () => lists[0] ?? [],
    async *watch() {
      yield* lists.slice(1)
    },
  }
}
const open = async (...lists: WorkerDescription[][]) => {
  const index = new DirectoryModelIndex()
  const directory = directoryOf(...lists)
  await index.read(directory)
  void index.follow(directory, () => undefined)
  return index
}
const names = (index: DirectoryModelIndex) =>
  index.list(ModelKind.MODEL_KIND_CHECKPOINT).map(({ name }) => name)

describe('DirectoryModelIndex', () => {
  it('lists the union of all workers, each file once, by name', async () => {
    const index = await open([worker('1', file('b'), file('a')), worker('2', file('c'), file('a'))])
    expect(names(index)).toEqual(['a', 'b', 'c'])
  })

  it('prefers the entry whose hash is known', async () => {
    const index = await open([worker('1', file('a')), worker('2', file('a', { sha256: 'ff' }))])
    expect(index.find(ModelKind.MODEL_KIND_CHECKPOINT, 'a')?.sha256).toBe('ff')
  })

  it('lists unusable files but does not find them', async () => {
    const index = await open([worker('1', file('bad', { unusableReason: 'truncated' }))])
    expect(names(index)).toEqual(['bad'])
    expect(index.find(ModelKind.MODEL_KIND_CHECKPOINT, 'bad')).toBeUndefined()
  })

  it('follows the directory', async () => {
    const index = await open([worker('1', file('a'))], [worker('2', file('z'))])
    await vi.waitUntil(() => names(index).includes('z'))
    expect(names(index)).toEqual(['z'])
    index.close()
  })

  it('waits for the first worker as long as it may', async () => {
    const index = await open()
    expect(await index.whenKnown(1)).toBe(false)
    const [one, other] = [index.whenKnown(20_000), index.whenKnown(20_000)]
    index.replace([worker('1', file('a'))])
    expect(await Promise.all([one, other])).toEqual([true, true])
    expect(await index.whenKnown(0)).toBe(true)
  })
})
