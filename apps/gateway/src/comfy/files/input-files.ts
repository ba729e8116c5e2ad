import type { FileIndex } from '@atelier/ledger'
import type { NamedFile } from '@atelier/proto'
import { resolveBelow, splitAnnotation, splitPath, toFolderKind } from './folders.ts'

/** What a file reference of a node input names: a stored file, a folder, or nothing. */
export type ReferencedFile =
  | { readonly kind: 'file'; readonly file: NamedFile }
  | { readonly kind: 'folder' }
  | { readonly kind: 'nothing' }

/**
 * Finds what a reference such as "sub/cat.png [output]" names; without a mark it is looked for in the input folder.
 * References that leave their folder name nothing.
 */
export async function findReferencedFile(
  files: FileIndex,
  tenant: string,
  reference: string,
): Promise<ReferencedFile> {
  const { name, folder = 'input' } = splitAnnotation(reference)
  const path = resolveBelow(folder, name)
  if (path === undefined) return { kind: 'nothing' }
  if (path === '') return { kind: 'folder' }
  const place = splitPath(path)
  const file = await files.find(tenant, toFolderKind(folder), place.subfolder, place.name)
  if (file !== undefined) return { kind: 'file', file }
  const all = await files.list(tenant, toFolderKind(folder))
  const isFolder = all.some(({ subfolder }) => subfolder === path || subfolder.startsWith(`${path}/`))
  return { kind: isFolder ? 'folder' : 'nothing' }
}
