import { formatExactJson, toPlain } from '@atelier/catalog/exact-json'
import { BlobRef } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { readSettings } from '../info/settings-routes.ts'

/** A file of a tenant's user data. */
export interface UserFile {
  /** Path below the user folder. */
  readonly path: string
  readonly sizeBytes: number
  readonly createdAtMs: number
  readonly modifiedAtMs: number
  readonly blob: BlobRef
}

/** The settings show up among the user's files under this name, as on ComfyUI's disk. */
const SETTINGS_PATH = 'comfy.settings.json'
const KEY_PREFIX = 'comfy/userdata/'

/** The file of that path, or undefined. */
export async function findUserFile(
  deps: GatewayDeps,
  tenant: string,
  path: string,
): Promise<UserFile | undefined> {
  const stored = await deps.store.documents.read(tenant, KEY_PREFIX + path)
  if (stored === undefined) return path === SETTINGS_PATH ? findSettingsFile(deps, tenant) : undefined
  return parseUserFile(path, stored.value)
}

/** All files, sorted by path. */
export async function listUserFiles(deps: GatewayDeps, tenant: string): Promise<UserFile[]> {
  const keys = await deps.store.documents.list(tenant, KEY_PREFIX)
  const paths = new Set([...keys.map((key) => key.slice(KEY_PREFIX.length)), SETTINGS_PATH])
  const files = await Promise.all([...paths].sort().map((path) => findUserFile(deps, tenant, path)))
  return files.filter((file) => file !== undefined)
}

/** The bytes of a file; undefined when they are gone. */
export async function readUserFile(deps: GatewayDeps, tenant: string, file: UserFile) {
  if (file.blob.key === '') return formatSettings(deps, tenant)
  return deps.store.blobs.read(file.blob)
}

/** Writes a file, replacing one of the same path. */
export async function writeUserFile(
  deps: GatewayDeps,
  tenant: string,
  path: string,
  bytes: Uint8Array,
): Promise<UserFile> {
  const earlier = await findUserFile(deps, tenant, path)
  const key = `userdata/${tenant}/${deps.createId()}`
  const blob = await deps.store.blobs.put(key, bytes, 'application/octet-stream')
  const now = deps.now()
  const createdAtMs = earlier?.createdAtMs ?? now
  const file = { path, sizeBytes: bytes.byteLength, createdAtMs, modifiedAtMs: now, blob }
  await storeEntry(deps, tenant, file)
  await removeBytes(deps, earlier)
  return file
}

/** Gives a file another path, replacing one that is there. */
export async function moveUserFile(
  deps: GatewayDeps,
  tenant: string,
  file: UserFile,
  path: string,
): Promise<UserFile> {
  if (file.path === path) return file
  const replaced = await findUserFile(deps, tenant, path)
  const moved = { ...file, path }
  await storeEntry(deps, tenant, moved)
  await deps.store.documents.remove(tenant, KEY_PREFIX + file.path)
  await removeBytes(deps, replaced)
  return moved
}

/** Removes a file. */
export async function removeUserFile(deps: GatewayDeps, tenant: string, file: UserFile): Promise<void> {
  await deps.store.documents.remove(tenant, KEY_PREFIX + file.path)
  await removeBytes(deps, file)
}

async function storeEntry(deps: GatewayDeps, tenant: string, file: UserFile): Promise<void> {
  const { path, createdAtMs, modifiedAtMs } = file
  const value = { createdAtMs, modifiedAtMs, blob: file.blob }
  await deps.store.documents.write(tenant, KEY_PREFIX + path, value)
}

/** Bytes belong to one entry alone, so they go with it. */
async function removeBytes(deps: GatewayDeps, file: UserFile | undefined): Promise<void> {
  if (file !== undefined && file.blob.key !== '') await deps.store.blobs.remove(file.blob.key)
}

function parseUserFile(path: string, value: unknown): UserFile {
  const { createdAtMs, modifiedAtMs, blob } = value as Record<string, unknown>
  const ref = BlobRef.fromPartial(blob as BlobRef)
  return {
    path,
    sizeBytes: ref.sizeBytes,
    createdAtMs: Number(createdAtMs),
    modifiedAtMs: Number(modifiedAtMs),
    blob: ref,
  }
}

async function findSettingsFile(deps: GatewayDeps, tenant: string): Promise<UserFile | undefined> {
  const bytes = await formatSettings(deps, tenant)
  if (bytes === undefined) return undefined
  const now = deps.now()
  return {
    path: SETTINGS_PATH,
    sizeBytes: bytes.byteLength,
    createdAtMs: now,
    modifiedAtMs: now,
    blob: BlobRef.create(),
  }
}

/** The settings as ComfyUI writes its file: four spaces of indentation. */
async function formatSettings(deps: GatewayDeps, tenant: string): Promise<Uint8Array | undefined> {
  const settings = await readSettings(deps.store.documents, tenant)
  if (settings.size === 0) return undefined
  const lines = [...settings].map(([name, value]) => {
    const text = JSON.stringify(toPlain(value), undefined, 4).replaceAll('\n', '\n    ')
    return `    ${formatExactJson(name)}: ${text}`
  })
  return new TextEncoder().encode(`{\n${lines.join(',\n')}\n}`)
}
