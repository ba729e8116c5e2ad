import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { ModelKind, type ModelFile } from '@atelier/proto'
import type { Logger } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { formatSafetensors } from '../engine/checkpoint/write-safetensors.ts'
import { createTensor } from '../engine/tensor/tensor.ts'
import { ModelCatalogue, toHashesPath, toModelFolders } from './model-catalogue.ts'

const RESCAN_MS = 10_000
/** A textual inversion of two vectors for SD 1.x. */
const embedding = (value: number) =>
  formatSafetensors(
    [['emb_params', createTensor([2, 768], new Float32Array(2 * 768).fill(value))]],
    new Map(),
  )
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('ModelCatalogue', () => {
  let root = ''
  let hashesPath = ''
  let warnings: string[] = []
  const open: ModelCatalogue[] = []
  beforeEach(() => {
    // What the catalogue waits with; reading and hashing are real.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    root = mkdtempSync(join(tmpdir(), 'atelier-catalogue-'))
    mkdirSync(join(root, 'embeddings'))
    hashesPath = join(root, 'hashes.json')
    warnings = []
  })
  afterEach(() => {
    for (const catalogue of open.splice(0)) catalogue.close()
    vi.useRealTimers()
    rmSync(root, { recursive: true, force: true })
  })

  const put = (name: string, bytes: Uint8Array) => writeFileSync(join(root, 'embeddings', name), bytes)
  function watch() {
    const told: (readonly ModelFile[])[] = []
    const logger = { warn: (_facts: unknown, text: string) => warnings.push(text) } as unknown as Logger
    const catalogue = new ModelCatalogue({
      ...{ folders: { roots: [root], checkpointFolders: [] }, hashesPath, logger },
      onChange: (files) => told.push(files),
    })
    open.push(catalogue)
    return { catalogue, told }
  }
  const hashesOf = ({ catalogue }: ReturnType<typeof watch>) =>
    catalogue.files.map(({ name, sha256: hash }) => [name, hash])
  /** Waits until what is asked for is so; hashing takes as long as it takes. */
  const until = (isSo: () => boolean) =>
    vi.waitFor(() => expect(isSo()).toBe(true), { interval: 5, timeout: 5000 })
  const isHashed = (watched: ReturnType<typeof watch>) =>
    watched.catalogue.files.length > 0 && watched.catalogue.files.every(({ sha256: hash }) => hash !== '')

  it('knows files at once and tells their hashes when they are computed', async () => {
    put('a.safetensors', embedding(1))
    const watched = watch()
    expect(watched.told).toHaveLength(1)
    expect(watched.catalogue.files).toMatchObject([
      {
        kind: ModelKind.MODEL_KIND_EMBEDDING,
        name: 'a.safetensors',
        embeddingWidth: 768,
        embeddingVectors: 2,
        sha256: '',
      },
    ])
    await until(() => isHashed(watched))
    expect(hashesOf(watched)).toEqual([['a.safetensors', sha256(embedding(1))]])
    expect(watched.told.at(-1)).toBe(watched.catalogue.files)
  })

  it('remembers hashes between starts, by place, size and time of the file', async () => {
    put('a.safetensors', embedding(1))
    const first = watch()
    await until(() => isHashed(first))
    await until(() => readFileSync(hashesPath, { encoding: 'utf8', flag: 'a+' }) !== '')
    first.catalogue.close()
    // Told from memory: a wrong hash there is what is told.
    const kept = readFileSync(hashesPath, 'utf8')
    writeFileSync(hashesPath, kept.replace(sha256(embedding(1)), 'f'.repeat(64)))
    expect(hashesOf(watch())).toEqual([['a.safetensors', 'f'.repeat(64)]])
    expect(Object.keys(JSON.parse(kept) as object)).toHaveLength(1)
    // Another time, another file.
    utimesSync(join(root, 'embeddings', 'a.safetensors'), 1, 1)
    expect(hashesOf(watch())).toEqual([['a.safetensors', '']])
  })

  it('starts with a damaged memory of hashes as with none', async () => {
    writeFileSync(hashesPath, '{"x": ')
    put('a.safetensors', embedding(1))
    const watched = watch()
    await until(() => isHashed(watched))
    expect(hashesOf(watched)).toEqual([['a.safetensors', sha256(embedding(1))]])
  })

  it('looks again now and then, and tells only what has changed', async () => {
    put('a.safetensors', embedding(1))
    const watched = watch()
    await until(() => isHashed(watched) && vi.getTimerCount() > 0)
    const before = watched.told.length
    await vi.advanceTimersByTimeAsync(RESCAN_MS)
    expect(watched.told).toHaveLength(before)
    put('b.safetensors', embedding(2))
    await until(() => vi.getTimerCount() > 0)
    await vi.advanceTimersByTimeAsync(RESCAN_MS)
    expect(watched.told[before]?.map(({ name }) => name)).toEqual(['a.safetensors', 'b.safetensors'])
    rmSync(join(root, 'embeddings', 'a.safetensors'))
    await until(() => isHashed(watched) && vi.getTimerCount() > 0)
    await vi.advanceTimersByTimeAsync(RESCAN_MS)
    await until(() => watched.catalogue.files.length === 1)
    expect(hashesOf(watched)).toEqual([['b.safetensors', sha256(embedding(2))]])
  })

  it('says once of a file that it cannot be used, and lists it', async () => {
    put('broken.safetensors', Uint8Array.of(1, 2, 3))
    const watched = watch()
    expect(watched.catalogue.files).toMatchObject([{ name: 'broken.safetensors' }])
    await until(() => isHashed(watched) && vi.getTimerCount() > 0)
    await vi.advanceTimersByTimeAsync(RESCAN_MS)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^broken\.safetensors cannot be used: /)
  })

  it('looks no more once it is closed', async () => {
    put('a.safetensors', embedding(1))
    const watched = watch()
    await until(() => isHashed(watched) && vi.getTimerCount() > 0)
    watched.catalogue.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('toModelFolders', () => {
  it('takes several folders joined by the delimiter, empty parts left out, and always the bundled checkpoint', () => {
    const { roots, checkpointFolders } = toModelFolders(['a', '', '/b'].join(delimiter), undefined)
    expect(roots).toEqual([resolve('a'), '/b'])
    expect(checkpointFolders).toHaveLength(1)
    expect(checkpointFolders[0]).toMatch(/models\/demo$/)
    expect(toModelFolders('', 'ckpt').checkpointFolders[0]).toBe(resolve('ckpt'))
    expect(toModelFolders('', undefined).roots).toEqual([])
  })

  it('keeps hashes in the data folder', () => expect(toHashesPath('/data')).toBe('/data/hashes.json'))
})
