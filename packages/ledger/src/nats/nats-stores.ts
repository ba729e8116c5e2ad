import { createHash } from 'node:crypto'
import { NamedFile } from '@atelier/proto'
import { AtelierError } from '../errors.ts'
import type { DocumentStore, FileIndex } from '../job-ledger.ts'
import { Bucket } from './bucket.ts'
import { fromToken, toToken } from './key-token.ts'
import type { NatsLink } from './link.ts'

/** How often a document is tried when others write it. */
const MAX_TRIES = 20

/** The index of named files, in a bucket; `findInRecords` finds names that a dying worker did not enter any more. */
export function createFileIndex(
  link: NatsLink,
  findInRecords: (tenant: string, file: FileName) => NamedFile | undefined,
): FileIndex {
  const bucket = new Bucket(link, link.names.files)
  const decode = (value: Uint8Array): NamedFile | undefined => {
    try {
      return NamedFile.decode(value)
    } catch (cause) {
      link.emit({ kind: 'unreadable', subject: link.names.files, cause })
      return undefined
    }
  }
  const index: FileIndex = {
    async put(tenant, file) {
      await bucket.put(toFileKey(tenant, file), NamedFile.encode(file).finish())
    },
    async find(tenant, folder, subfolder, name) {
      const wanted = { folder, subfolder, name }
      const found = await bucket.find(toFileKey(tenant, wanted))
      if ('value' in found) return decode(found.value)
      const file = found.isRemoved ? undefined : findInRecords(tenant, wanted)
      if (file !== undefined) await index.put(tenant, file)
      return file
    },
    async list(tenant, folder) {
      const stored = await bucket.listValues(`${tenant}.${folder}.*`)
      const files = stored.flatMap(({ value }) => decode(value) ?? [])
      return files.sort((a, b) => compare(a.subfolder, b.subfolder) || compare(a.name, b.name))
    },
    async remove(tenant, folder, subfolder, name) {
      const key = toFileKey(tenant, { folder, subfolder, name })
      const found = await bucket.read(key)
      return found !== undefined && bucket.remove(key, found.revision)
    },
  }
  return index
}

/** What names a file inside a tenant. */
export type FileName = Pick<NamedFile, 'folder' | 'subfolder' | 'name'>

function toFileKey(tenant: string, { folder, subfolder, name }: FileName): string {
  const hash = createHash('sha256').update(`${subfolder}\u0000${name}`).digest('hex')
  return `${tenant}.${folder}.${hash}`
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

interface StoredDocument {
  readonly revision: number
  readonly value: unknown
}

/** The document store, in a bucket; a document's own revision counts its writes since it was made. */
export function createDocumentStore(link: NatsLink): DocumentStore {
  const bucket = new Bucket(link, link.names.documents)
  const keyOf = (tenant: string, key: string): string => `${tenant}.${toToken(key)}`
  const parse = (value: Uint8Array): StoredDocument => {
    try {
      return JSON.parse(Buffer.from(value).toString()) as StoredDocument
    } catch (cause) {
      link.emit({ kind: 'unreadable', subject: link.names.documents, cause })
      throw new AtelierError('internal', 'a document in the broker is no JSON', { cause })
    }
  }
  return {
    async read(tenant, key) {
      const stored = await bucket.read(keyOf(tenant, key))
      return stored && parse(stored.value)
    },
    async write(tenant, key, value, expectedRevision) {
      for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
        const found = await bucket.find(keyOf(tenant, key))
        const revision = 'value' in found ? parse(found.value).revision : 0
        if (expectedRevision !== undefined && expectedRevision !== revision) return false
        const document = Buffer.from(JSON.stringify({ revision: revision + 1, value }))
        if (document.length > link.maxPayload)
          throw new AtelierError(
            'invalid-request',
            `document ${key} has ${document.length} bytes, the broker takes ${link.maxPayload}`,
          )
        if ((await bucket.replace(keyOf(tenant, key), document, found.revision)) !== undefined) return true
      }
      throw new AtelierError('unavailable', `document ${key} is changed by too many at once`)
    },
    async remove(tenant, key) {
      const stored = await bucket.read(keyOf(tenant, key))
      return stored !== undefined && bucket.remove(keyOf(tenant, key), stored.revision)
    },
    async list(tenant, prefix) {
      const keys = (await bucket.listKeys(`${tenant}.*`)).map((key) =>
        fromToken(key.slice(tenant.length + 1)),
      )
      return keys.filter((key) => key.startsWith(prefix)).sort(compare)
    },
  }
}
