import { FolderKind } from '@atelier/proto'

/** ComfyUI's words for the folders of files. */
export type FolderName = 'input' | 'output' | 'temp'

const KINDS: Readonly<Record<FolderName, FolderKind>> = {
  input: FolderKind.FOLDER_KIND_INPUT,
  output: FolderKind.FOLDER_KIND_OUTPUT,
  temp: FolderKind.FOLDER_KIND_TEMP,
}

/** The folder of that name, or undefined. */
export function parseFolderName(name: string): FolderName | undefined {
  return Object.hasOwn(KINDS, name) ? (name as FolderName) : undefined
}

/** The contract's word for a folder. */
export function toFolderKind(name: FolderName): FolderKind {
  return KINDS[name]
}

/** A file name that may say its folder, as in "a.png [output]". */
export interface AnnotatedName {
  readonly name: string
  /** The folder it says; undefined: none. */
  readonly folder: FolderName | undefined
}

/** Splits "a.png [output]"; the character before the bracket goes, whatever it is, as in ComfyUI. */
export function splitAnnotation(text: string): AnnotatedName {
  for (const folder of ['output', 'input', 'temp'] as const) {
    const mark = `[${folder}]`
    if (text.endsWith(mark)) return { name: text.slice(0, -(mark.length + 1)), folder }
  }
  return { name: text, folder: undefined }
}

/** Stands for the path of the folder all others lie in; no request can name it. */
const BASE = '\0'

/**
 * Resolves a path below a folder, with `.` and `..`, as a file system would.
 * @returns path without leading or trailing slash, "" for the folder itself; undefined when it leaves the folder
 */
export function resolveBelow(folder: string, ...paths: readonly string[]): string | undefined {
  const segments: string[] = ['', BASE, folder]
  for (const path of paths) {
    if (path.includes(BASE)) return undefined
    if (path.startsWith('/')) segments.length = 1
    for (const segment of path.split('/')) {
      if (segment === '..') segments.length = Math.max(1, segments.length - 1)
      else if (segment !== '' && segment !== '.') segments.push(segment)
    }
  }
  const [, base, root, ...rest] = segments
  return base === BASE && root === folder ? rest.join('/') : undefined
}

/** Splits "a/b/c.png" into folder and name. */
export function splitPath(path: string): { subfolder: string; name: string } {
  const slash = path.lastIndexOf('/')
  return { subfolder: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) }
}
