import { createHash } from 'node:crypto'
import { BlobRef, FolderKind, type NamedFile } from '@atelier/proto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayDeps } from '../../deps.ts'
import { RequestFault } from '../request-fault.ts'
import { chooseName, placeUpload, readUpload, storeUpload, type Upload } from './upload-file.ts'

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

/** A gateway's stores in memory, as far as uploads use them. */
function open(names: Readonly<Record<string, string>> = {}) {
  const files = new Map<string, NamedFile>()
  const toPath = (tenant: string, kind: FolderKind, subfolder: string, name: string) =>
    [tenant, kind, subfolder, name].join('|')
  const deps = {
    now: () => 1234,
    store: {
      files: {
        find: (tenant: string, kind: FolderKind, subfolder: string, name: string) =>
          Promise.resolve(files.get(toPath(tenant, kind, subfolder, name))),
        list: (tenant: string, kind: FolderKind) =>
          Promise.resolve(
            [...files].filter(([key]) => key.startsWith(`${tenant}|${kind}|`)).map(([, file]) => file),
          ),
        put: (tenant: string, file: NamedFile) =>
          Promise.resolve(void files.set(toPath(tenant, file.folder, file.subfolder, file.name), file)),
      },
      blobs: {
        put: (key: string, bytes: Uint8Array, mediaType: string) =>
          Promise.resolve(
            BlobRef.fromPartial({
              key,
              mediaType,
              sizeBytes: bytes.length,
              sha256: hashOf(Buffer.from(bytes).toString()),
            }),
          ),
      },
    },
  } as unknown as GatewayDeps
  const ready = Promise.all(
    Object.entries(names).map(([path, content]) => {
      const slash = path.lastIndexOf('/')
      const place = {
        folder: 'input' as const,
        subfolder: path.slice(0, Math.max(slash, 0)),
        name: path.slice(slash + 1),
      }
      return storeUpload(deps, 'open', place, bytesOf(content))
    }),
  )
  return { deps, files, ready }
}

const upload = (name: string, subfolder = '', folder: Upload['folder'] = 'input'): Upload => ({
  ...{ name, subfolder, folder, overwrite: false, bytes: new Uint8Array() },
})
const form = (fields: Readonly<Record<string, string | File>>) => {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  return data
}
const file = (name: string, text = 'x') => new File([text], name)

describe('readUpload', () => {
  it('is nothing without a form or a picture', async () => {
    expect(await readUpload(undefined)).toBeUndefined()
    expect(await readUpload(form({ type: 'input' }))).toBeUndefined()
  })

  it.each([
    ['true', true],
    ['1', true],
    ['True', false],
    ['yes', false],
    ['', false],
  ])('takes overwrite %j for %s', async (text, overwrite) => {
    expect(await readUpload(form({ image: file('a.png'), overwrite: text }))).toMatchObject({ overwrite })
  })

  it('reads fields that were sent as files', async () => {
    const fields = { image: file('a.png', 'pixels'), type: file('t', 'temp'), subfolder: file('s', 'sub') }
    expect(await readUpload(form(fields))).toEqual({
      ...{ name: 'a.png', folder: 'temp', subfolder: 'sub', overwrite: false, bytes: bytesOf('pixels') },
    })
  })

  it.each([
    ['a picture that is a text', { image: 'a.png' }],
    ['a folder that is none', { image: file('a.png'), type: 'models' }],
    ['a folder of the language’s', { image: file('a.png'), type: 'toString' }],
  ])('refuses %s', async (_what, fields) => {
    await expect(readUpload(form(fields))).rejects.toThrow(RequestFault)
  })
})

describe('placeUpload', () => {
  it.each([
    ['../a.png', ''],
    ['a.png', '..'],
    ['/etc/passwd', ''],
    ['a.png', '/etc'],
    ['a.png', '../input2'],
    ['a.png', 'a/../../output'],
  ])('has no place outside the folder: %s in %j', async (name, subfolder) => {
    expect(await placeUpload(open().deps, 'open', upload(name, subfolder))).toBeUndefined()
  })

  it.each([
    ['a.png', 'new/deep', 'new/deep', 'a.png'],
    ['a.png', './x//y/', 'x/y', 'a.png'],
    ['../a.png', 'x/y', 'x', 'a.png'],
    ['kept/a.png', '', 'kept', 'a.png'],
    ['a.png', 'kept/..', '', 'a.png'],
  ])('puts %s in %j into %j as %s', async (name, subfolder, folder, stored) => {
    const { deps, ready } = open({ 'kept/b.png': 'b', 'x/z.png': 'z' })
    await ready
    expect(await placeUpload(deps, 'open', upload(name, subfolder))).toEqual({
      ...{ folder: 'input', subfolder: folder, name: stored },
    })
  })

  it('makes no folder of a name, nor takes one of another tenant, of another kind, or one that begins alike', async () => {
    const { deps, ready } = open({ 'kept-too/b.png': 'b', 'kept/c.png': 'c' })
    await ready
    await expect(placeUpload(deps, 'open', upload('other/a.png'))).rejects.toThrow('there is no folder other')
    await expect(placeUpload(deps, 'open', upload('kep/a.png'))).rejects.toThrow('there is no folder kep')
    await expect(placeUpload(deps, 'them', upload('kept/a.png'))).rejects.toThrow(RequestFault)
    await expect(placeUpload(deps, 'open', upload('kept/a.png', '', 'output'))).rejects.toThrow(RequestFault)
    await expect(placeUpload(deps, 'open', upload('..', 'kept'))).rejects.toThrow(RequestFault)
  })

  it('never leaves its folder, whatever is sent', async () => {
    const { deps } = open()
    const piece = fc.constantFrom('..', '.', '/', 'a', '\0', '\\', 'input', 'b.png', '')
    const path = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('/'))
    await fc.assert(
      fc.asyncProperty(path, path, async (name, subfolder) => {
        const place = await placeUpload(deps, 'open', upload(name, subfolder)).catch((error: unknown) => {
          expect(error).toBeInstanceOf(RequestFault)
        })
        if (place === undefined) return
        const parts = [...place.subfolder.split('/'), place.name]
        expect(
          parts.some((part) => part === '..' || part === '.' || part.includes('/') || part.includes('\0')),
        ).toBe(false)
        expect(place.subfolder.startsWith('/')).toBe(false)
      }),
      { numRuns: 200 },
    )
  })
})

describe('chooseName', () => {
  const place = (name: string) => ({ folder: 'input' as const, subfolder: '', name })

  it.each([
    ['a.png', 'new', { name: 'a (3).png', isStored: false }],
    ['a.png', 'one', { name: 'a.png', isStored: true }],
    ['a.png', 'three', { name: 'a (2).png', isStored: true }],
    ['b.png', 'one', { name: 'b.png', isStored: false }],
    ['.hidden', 'new', { name: '.hidden (1)', isStored: false }],
    ['plain', 'new', { name: 'plain (1)', isStored: false }],
    ['a.tar.gz', 'new', { name: 'a.tar (1).gz', isStored: false }],
  ])('stores %s of "%s" as %j', async (name, content, chosen) => {
    const { deps, ready } = open({
      ...{ 'a.png': 'one', 'a (1).png': 'two', 'a (2).png': 'three' },
      ...{ '.hidden': 'x', plain: 'x', 'a.tar.gz': 'x' },
    })
    await ready
    expect(await chooseName(deps, 'open', place(name), bytesOf(content))).toEqual(chosen)
  })
})

describe('storeUpload', () => {
  it('keeps bytes under their hash, once for all names, and the time of each name', async () => {
    const { deps, files, ready } = open({ 'a.png': 'same', 'sub/b.jpg': 'same' })
    await ready
    const stored = [...files.values()]
    expect(stored.map(({ blob }) => blob?.key)).toEqual([
      `inputs/open/${hashOf('same')}`,
      `inputs/open/${hashOf('same')}`,
    ])
    expect(stored.map(({ blob }) => blob?.mediaType)).toEqual(['image/png', 'image/jpeg'])
    expect(stored[1]).toMatchObject({
      folder: FolderKind.FOLDER_KIND_INPUT,
      subfolder: 'sub',
      name: 'b.jpg',
      storedAtMs: 1234,
    })
    expect(deps.now()).toBe(1234)
  })
})
