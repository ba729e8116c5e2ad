import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { compareByFolder, listUsable } from '../lists/list-usable.ts'

/** Single files, and Diffusers folders as SD.Next lists them among the checkpoints. */
const CHECKPOINT_KINDS = [ModelKind.MODEL_KIND_CHECKPOINT, ModelKind.MODEL_KIND_DIFFUSERS_FOLDER]
/** Digits of A1111's short hash. */
const SHORT_HASH = 10

/** A checkpoint's title: name below its folder, and the short hash once it is known. */
export function toTitle(file: ModelFile): string {
  return file.sha256 === '' ? file.name : `${file.name} [${file.sha256.slice(0, SHORT_HASH)}]`
}

/** A checkpoint's name without extension, folders joined by underscores. */
export function toModelName(file: ModelFile): string {
  return stripExtension(file.name).replaceAll('/', '_')
}

/** File name without folder and extension. */
export function toStem(file: ModelFile): string {
  return stripExtension(file.name.split('/').at(-1) ?? file.name)
}

/** The short hash, or undefined before the file has been hashed. */
export function toShortHash(file: ModelFile): string | undefined {
  return file.sha256 === '' ? undefined : file.sha256.slice(0, SHORT_HASH)
}

/** A checkpoint's name as infotexts give it: stem and short hash. */
export function toShortTitle(file: ModelFile): string {
  const hash = toShortHash(file)
  return hash === undefined ? toStem(file) : `${toStem(file)} [${hash}]`
}

/** Usable checkpoints in the order clients see: folder by folder, names in natural order. */
export function listCheckpoints(models: ModelIndex): ModelFile[] {
  const files = CHECKPOINT_KINDS.flatMap((kind) => listUsable(models, kind))
  return files.sort(compareByFolder)
}

/** The checkpoint one of whose aliases a text is exactly, or undefined. */
export function findCheckpoint(models: ModelIndex, text: string): ModelFile | undefined {
  return listCheckpoints(models).find((file) => listAliases(file).includes(text))
}

/** Longer texts name no file, and take long to search, characters. */
const LONGEST_TITLE = 1_000
/** A hash in brackets at the end of a text; brackets before it belong to the name. */
const HASH_AT_END = /\s*\[[^\]]+\]\s*$/

/** The first checkpoint whose title contains a text, with or without a hash at its end (refiners, hires). */
export function searchCheckpoint(models: ModelIndex, text: string): ModelFile | undefined {
  if (text === '' || text.length > LONGEST_TITLE) return undefined
  const byLength = listCheckpoints(models).sort((a, b) => toTitle(a).length - toTitle(b).length)
  const search = (wanted: string) => byLength.find((file) => toTitle(file).includes(wanted))
  return findCheckpoint(models, text) ?? search(text) ?? search(text.replace(HASH_AT_END, ''))
}

/** The checkpoint that is used: the selected one where it is there, else the first; the demo only when alone. */
export function selectCheckpoint(models: ModelIndex, selected: string): ModelFile | undefined {
  const files = listCheckpoints(models)
  const own = files.filter(({ name }) => name !== DEMO_NAME)
  return findCheckpoint(models, selected) ?? own[0] ?? files[0]
}

/** The bundled checkpoint. */
const DEMO_NAME = 'demo.safetensors'

function listAliases(file: ModelFile): string[] {
  const short = toShortHash(file)
  const names = [file.name, toModelName(file), toStem(file), toTitle(file)]
  return short === undefined ? names : [...names, short, file.sha256, `${toStem(file)} [${short}]`]
}

function stripExtension(name: string): string {
  return name.replace(/\.(safetensors|sft|ckpt)$/i, '')
}
