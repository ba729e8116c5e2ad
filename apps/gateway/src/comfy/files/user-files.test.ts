import { BlobRef } from '@atelier/proto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GatewayDeps } from '../../deps.ts'
import {
  findUserFile,
  listUserFiles,
  moveUserFile,
  readUserFile,
  removeUserFile,
  writeUserFile,
} from './user-files.ts'

/** A gateway's documents and blobs in memory. */
function open() {
  const documents = new Map<string, unknown>()
  const blobs = new Map<string, Uint8Array>()
  const state = { now: 1000, ids: 0 }
  const deps = {
    now: () => state.now,
    createId: () => `id-${(state.ids += 1)}`,
    store: {
      documents: {
        read: (tenant: string, key: string) => {
          const value = documents.get(`${tenant} ${key}`)
          return Promise.resolve(value === undefined ? undefined : { value, revision: 1 })
        },
        // As stored: what is no JSON does not survive.
        write: (tenant: string, key: string, value: unknown) =>
          Promise.resolve(void documents.set(`${tenant} ${key}`, JSON.parse(JSON.stringify(value)))),
        remove: (tenant: string, key: string) => Promise.resolve(documents.delete(`${tenant} ${key}`)),
        list: (tenant: string, prefix: string) =>
          Promise.resolve(
            [...documents.keys()]
              .filter((key) => key.startsWith(`${tenant} ${prefix}`))
              .map((key) => key.slice(tenant.length + 1))
              .sort(),
          ),
      },
      blobs: {
        put: (key: string, bytes: Uint8Array, mediaType: string) => {
          blobs.set(key, bytes)
          return Promise.resolve(BlobRef.fromPartial({ key, sizeBytes: bytes.length, mediaType }))
        },
        read: ({ key }: BlobRef) => Promise.resolve(blobs.get(key)),
        remove: (key: string) => Promise.resolve(void blobs.delete(key)),
      },
    },
  } as unknown as GatewayDeps
  return { deps, documents, blobs, state }
}

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text))
const write = (deps: GatewayDeps, path: string, text: string, tenant = 'open') =>
  writeUserFile(deps, tenant, path, bytesOf(text))
async function read(deps: GatewayDeps, path: string, tenant = 'open') {
  const file = await findUserFile(deps, tenant, path)
  const bytes = file && (await readUserFile(deps, tenant, file))
  return bytes && Buffer.from(bytes).toString()
}

describe('a user’s files', () => {
  it('keep the time they were first written at', async () => {
    const { deps, state } = open()
    await write(deps, 'workflows/a.json', 'one')
    state.now = 2000
    await write(deps, 'workflows/a.json', 'second')
    expect(await findUserFile(deps, 'open', 'workflows/a.json')).toMatchObject({
      ...{ path: 'workflows/a.json', sizeBytes: 6, createdAtMs: 1000, modifiedAtMs: 2000 },
    })
    expect(await read(deps, 'workflows/a.json')).toBe('second')
  })

  it('are each tenant’s own', async () => {
    const { deps } = open()
    await write(deps, 'a', 'mine')
    await write(deps, 'a', 'theirs', 'other')
    expect([await read(deps, 'a'), await read(deps, 'a', 'other')]).toEqual(['mine', 'theirs'])
    expect(await listUserFiles(deps, 'nobody')).toEqual([])
  })

  it('move with their times, over what is there, and stay where they are when moved onto themselves', async () => {
    const { deps, state, blobs } = open()
    await write(deps, 'a', 'moved')
    await write(deps, 'b', 'replaced')
    state.now = 3000
    const file = (await findUserFile(deps, 'open', 'a'))!
    expect(await moveUserFile(deps, 'open', file, 'b')).toMatchObject({
      path: 'b',
      createdAtMs: 1000,
      modifiedAtMs: 1000,
    })
    expect([await read(deps, 'a'), await read(deps, 'b')]).toEqual([undefined, 'moved'])
    await moveUserFile(deps, 'open', (await findUserFile(deps, 'open', 'b'))!, 'b')
    expect(await read(deps, 'b')).toBe('moved')
    expect(blobs.size).toBe(1)
  })

  it('do what a plain map does, and leave no bytes behind that no file has', async () => {
    const path = fc.constantFrom('a', 'b', 'dir/a', 'dir/c')
    const action = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), path, text: fc.string({ maxLength: 3 }) }),
      fc.record({ kind: fc.constant('move' as const), path, to: path }),
      fc.record({ kind: fc.constant('remove' as const), path }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 10 }), async (actions) => {
        const { deps, blobs } = open()
        const expected = new Map<string, string>()
        for (const one of actions) {
          const file = await findUserFile(deps, 'open', one.path)
          expect(file !== undefined).toBe(expected.has(one.path))
          if (one.kind === 'write') {
            await write(deps, one.path, one.text)
            expected.set(one.path, Buffer.from(bytesOf(one.text)).toString())
          } else if (file !== undefined && one.kind === 'move') {
            await moveUserFile(deps, 'open', file, one.to)
            const text = expected.get(one.path)!
            expected.delete(one.path)
            expected.set(one.to, text)
          } else if (file !== undefined) {
            await removeUserFile(deps, 'open', file)
            expected.delete(one.path)
          }
        }
        const files = await listUserFiles(deps, 'open')
        expect(files.map((file) => file.path)).toEqual([...expected.keys()].sort())
        for (const [name, text] of expected) expect(await read(deps, name)).toBe(text)
        expect(blobs.size).toBe(expected.size)
      }),
      { numRuns: 60 },
    )
  })

  it('have the settings among them, as ComfyUI writes its file, until one of that name is written', async () => {
    const { deps, documents } = open()
    expect(await listUserFiles(deps, 'open')).toEqual([])
    documents.set('open comfy/settings', '{"Comfy.A": {"x": [1, 2.0]}, "é": true}')
    const [file] = await listUserFiles(deps, 'open')
    // Python: json.dumps(settings, indent=4).
    const text =
      '{\n    "Comfy.A": {\n        "x": [\n            1,\n            2\n        ]\n    },\n    "\\u00e9": true\n}'
    expect(file).toMatchObject({ path: 'comfy.settings.json', sizeBytes: text.length })
    expect(await read(deps, 'comfy.settings.json')).toBe(text)
    await removeUserFile(deps, 'open', file!)
    await write(deps, 'comfy.settings.json', 'own')
    expect(await read(deps, 'comfy.settings.json')).toBe('own')
    expect(await listUserFiles(deps, 'open')).toHaveLength(1)
  })
})
