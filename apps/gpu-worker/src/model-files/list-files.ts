import { readdirSync, realpathSync, statSync, type Dirent, type Stats } from 'node:fs'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { ModelKind } from '@atelier/proto'
import { MODEL_INDEX } from '../engine/checkpoint/diffusers/read-folder.ts'
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

/** Kinds of folders in which Diffusers pipelines stand beside single files. */
const PIPELINE_KINDS: readonly ModelKind[] = [
  ModelKind.MODEL_KIND_CHECKPOINT,
  ModelKind.MODEL_KIND_DIFFUSERS_FOLDER,
]
/** A picture of what a file beside it does. */
const PREVIEW_NAME = /\.preview\.[^.]+$/i
/** An autoencoder beside the checkpoints, as A1111 lets them stand. */
const VAE_NAME = /\.vae\.(pt|ckpt|safetensors)$/i

function listFolder(folder: string, kind: ModelKind, options: ListOptions): FoundFile[] {
  return walk(folder, options.depth).flatMap((path) => {
    if (basename(path) === MODEL_INDEX) return findPipeline(folder, path, kind)
    const isCounted = options.extensions.includes(extname(path).toLowerCase())
    if (!isCounted || PREVIEW_NAME.test(path)) return []
    const isVae = kind === ModelKind.MODEL_KIND_CHECKPOINT && VAE_NAME.test(path)
    return isVae
      ? describeFound(path, { kind: ModelKind.MODEL_KIND_VAE, name: basename(path) })
      : describeFound(path, { kind, name: toName(folder, path) })
  })
}

/** Diffusers pipelines are known by their index; they are named by their folders, as ComfyUI does. */
function findPipeline(folder: string, path: string, kind: ModelKind): FoundFile[] {
  const own = dirname(path)
  if (!PIPELINE_KINDS.includes(kind) || own === folder) return []
  return describeFound(path, { kind: ModelKind.MODEL_KIND_DIFFUSERS_FOLDER, name: toName(folder, own) }, own)
}

function toName(folder: string, path: string): string {
  return relative(folder, path).split(sep).join('/')
}

/** What is found by a file of its own; a pipeline is the folder of its index. Nothing where nothing can be looked at. */
function describeFound(
  path: string,
  { kind, name }: Pick<FoundFile, 'kind' | 'name'>,
  found = path,
): FoundFile[] {
  const stats = readStats(path)
  if (stats?.isFile() !== true) return []
  const { size, mtimeMs } = stats
  try {
    // ONNX Runtime opens what a link points to, so that is the file that is allowed.
    return [{ kind, name, path: realpathSync(found), sizeBytes: size, modifiedAtMs: Math.trunc(mtimeMs) }]
  } catch {
    // Taken away meanwhile.
    return []
  }
}

function walk(folder: string, depth: number): string[] {
  const entries = readEntries(folder).filter(({ name }) => !name.startsWith('.'))
  // What lies inside a pipeline is a part of it and no file of its own.
  if (entries.some(({ name }) => name === MODEL_INDEX)) return [join(folder, MODEL_INDEX)]
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name)
    const isFolder =
      entry.isDirectory() || (entry.isSymbolicLink() && readStats(path)?.isDirectory() === true)
    if (isFolder) return depth > 0 ? walk(path, depth - 1) : []
    return [path]
  })
}

/** Undefined for what is not there, a link that leads back to itself, and what the system does not let us see. */
function readStats(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

function readEntries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
}
