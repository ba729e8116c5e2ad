import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { ModelKind } from '@atelier/proto'
import { hasEmbedding } from '../engine/text-encode/embedding-picture.ts'
import { KNOWN_FOLDERS } from './folders.data.ts'

/** A file found in a models folder. */
export interface FoundFile {
  readonly kind: ModelKind
  /** Path below its folder, forward slashes. */
  readonly name: string
  readonly path: string
  readonly sizeBytes: number
  readonly modifiedAtMs: number
}

/** Folders deeper than this are not looked into: links may go round in circles. */
const MAX_DEPTH = 8

/** Where model files are looked for. */
export interface ModelFolders {
  /** Models folders in A1111's or ComfyUI's layout; files directly in one are checkpoints. */
  readonly roots: readonly string[]
  /** Folders of checkpoints only. */
  readonly checkpointFolders: readonly string[]
}

/** Every model file of the folders; the first of a kind and name wins. Folders that are not there hold nothing. */
export function listModelFiles({ roots, checkpointFolders }: ModelFolders): FoundFile[] {
  const found = new Map<string, FoundFile>()
  const add = (files: readonly FoundFile[]): void => {
    for (const file of files) {
      const key = `${file.kind} ${file.name}`
      if (!found.has(key)) found.set(key, file)
    }
  }
  for (const root of roots) {
    for (const { folder, kind, extensions } of KNOWN_FOLDERS)
      add(listFolder(join(root, folder), kind, { extensions, depth: MAX_DEPTH }))
    add(listFolder(root, ModelKind.MODEL_KIND_CHECKPOINT, { extensions: ['.safetensors', '.sft'], depth: 0 }))
  }
  const extensions = ['.safetensors', '.sft', '.ckpt']
  for (const folder of checkpointFolders)
    add(listFolder(folder, ModelKind.MODEL_KIND_CHECKPOINT, { extensions, depth: MAX_DEPTH }))
  return [...found.values()]
}

interface ListOptions {
  readonly extensions: readonly string[]
  readonly depth: number
}

function listFolder(folder: string, kind: ModelKind, options: ListOptions): FoundFile[] {
  return (
    walk(folder, options.depth)
      .filter((path) => options.extensions.includes(extname(path).toLowerCase()))
      // Most pictures in embedding folders only show what the file of the same name does.
      .filter((path) => extname(path).toLowerCase() !== '.png' || hasEmbedding(path))
      .flatMap((path) => {
        const stats = statSync(path, { throwIfNoEntry: false })
        if (stats === undefined || !stats.isFile()) return []
        const name = relative(folder, path).split(sep).join('/')
        // ONNX Runtime opens what the link points to, so that is the file that is allowed.
        return [
          {
            kind,
            name,
            path: realpathSync(path),
            sizeBytes: stats.size,
            modifiedAtMs: Math.trunc(stats.mtimeMs),
          },
        ]
      })
  )
}

function walk(folder: string, depth: number): string[] {
  const entries = readEntries(folder).filter(({ name }) => !name.startsWith('.'))
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    const isFolder =
      entry.isDirectory() ||
      (entry.isSymbolicLink() && statSync(path, { throwIfNoEntry: false })?.isDirectory())
    if (isFolder) return depth > 0 ? walk(path, depth - 1) : []
    return [path]
  })
}

function readEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
