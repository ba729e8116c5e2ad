import { createHash } from 'node:crypto'
import { NamedFile } from '@atelier/proto'
import { toInputKey } from '@atelier/ledger'
import type { GatewayDeps } from '../../deps.ts'
import { parseFolderName, resolveBelow, splitPath, toFolderKind, type FolderName } from './folders.ts'
import { guessMediaType } from './media-types.ts'
import { RequestFault } from '../request-fault.ts'

/** An upload as its form names it. */
export interface Upload {
  readonly name: string
  readonly folder: FolderName
  /** As given; it is echoed as given, too. */
  readonly subfolder: string
  readonly overwrite: boolean
  readonly bytes: Uint8Array
}

/** Where an upload would be stored. */
export interface UploadPlace {
  readonly folder: FolderName
  readonly subfolder: string
  readonly name: string
}

/** Names tried for one upload before it is refused. */
const MAX_NAMES = 10_000

/**
 * Reads the form of an upload; undefined when there is no form or no picture in it.
 * @throws RequestFault when the picture is a text or has no name, or when the folder is unknown
 */
export async function readUpload(form: FormData | undefined): Promise<Upload | undefined> {
  const image = form?.get('image')
  if (form === undefined || image === null || image === undefined) return undefined
  if (typeof image === 'string' || image.name === '') throw new RequestFault('image is no file with a name')
  const folder = parseFolderName(await readText(form, 'type', 'input'))
  if (folder === undefined) throw new RequestFault('type is none of input, output and temp')
  return {
    name: image.name,
    folder,
    subfolder: await readText(form, 'subfolder', ''),
    overwrite: ['true', '1'].includes(await readText(form, 'overwrite', '')),
    bytes: new Uint8Array(await image.arrayBuffer()),
  }
}

/** A text field; clients send it as a file part now and then. */
export async function readText(form: FormData, name: string, fallback: string): Promise<string> {
  const value = form.get(name)
  if (value === null) return fallback
  return typeof value === 'string' ? value : value.text()
}

/**
 * Where the upload goes; undefined when it would leave its folder.
 * @throws RequestFault when the name itself points into a folder that does not exist
 */
export async function placeUpload(
  deps: GatewayDeps,
  tenant: string,
  upload: Upload,
): Promise<UploadPlace | undefined> {
  const { folder } = upload
  const target = resolveBelow(folder, upload.subfolder)
  const path = resolveBelow(folder, upload.subfolder, upload.name)
  if (target === undefined || path === undefined) return undefined
  const place = { folder, ...splitPath(path) }
  if (place.name === '') throw new RequestFault(`${upload.name} names a folder`)
  // The upload's own folder is made as needed, one inside its name is not.
  const isOwn = place.subfolder === target
  if (!isOwn && !(await hasFolder(deps, tenant, place)))
    throw new RequestFault(`there is no folder ${place.subfolder}`)
  return place
}

async function hasFolder(deps: GatewayDeps, tenant: string, place: UploadPlace): Promise<boolean> {
  if (place.subfolder === '') return true
  const files = await deps.store.files.list(tenant, toFolderKind(place.folder))
  return files.some(({ subfolder }) => `${subfolder}/`.startsWith(`${place.subfolder}/`))
}

/**
 * Chooses a name that is free, or holds the same bytes already: "a.png", "a (1).png", …
 * @returns the name, and whether anything needs to be written
 */
export async function chooseName(
  deps: GatewayDeps,
  tenant: string,
  place: UploadPlace,
  bytes: Uint8Array,
): Promise<{ name: string; isStored: boolean }> {
  const hash = createHash('sha256').update(bytes).digest('hex')
  const dot = place.name.lastIndexOf('.')
  // A leading dot starts a name, not an extension.
  const [stem, extension] = dot > 0 ? [place.name.slice(0, dot), place.name.slice(dot)] : [place.name, '']
  for (let count = 0; count < MAX_NAMES; count += 1) {
    const name = count === 0 ? place.name : `${stem} (${count})${extension}`
    const kind = toFolderKind(place.folder)
    const taken = await deps.store.files.find(tenant, kind, place.subfolder, name)
    if (taken === undefined) return { name, isStored: false }
    if (taken.blob?.sha256 === hash) return { name, isStored: true }
  }
  throw new RequestFault(`${MAX_NAMES} files are named like ${place.name}`)
}

/** Stores bytes under a name. */
export async function storeUpload(
  deps: GatewayDeps,
  tenant: string,
  place: UploadPlace,
  bytes: Uint8Array,
): Promise<void> {
  const hash = createHash('sha256').update(bytes).digest('hex')
  const blob = await deps.store.blobs.put(toInputKey(tenant, hash), bytes, guessMediaType(place.name))
  const { subfolder, name } = place
  await deps.store.files.put(
    tenant,
    NamedFile.fromPartial({
      folder: toFolderKind(place.folder),
      subfolder,
      name,
      blob,
      storedAtMs: deps.now(),
    }),
  )
}
