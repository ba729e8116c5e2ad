import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { listUsable } from '../lists/list-usable.ts'

/** A1111's old hash of a file that ends before the part it is made of: SHA-256 of nothing. */
const HASH_OF_NOTHING = 'e3b0c442'

/** A ControlNet's name without folder and extension. */
function toControlStem(file: ModelFile): string {
  return (file.name.split('/').at(-1) ?? file.name).replace(/\.[^.]+$/, '')
}

/** A ControlNet as the extension lists it: "control_v11p_sd15_canny [d14c016b]". */
export function toControlTitle(file: ModelFile): string {
  return `${toControlStem(file)} [${file.legacyHash === '' ? HASH_OF_NOTHING : file.legacyHash}]`
}

/** Usable ControlNets and adapters by file name; a file named "None" is left out. */
export function listControlModels(models: ModelIndex): ModelFile[] {
  return listUsable(models, ModelKind.MODEL_KIND_CONTROL_NET)
    .filter((file) => toControlStem(file) !== 'None')
    .sort((a, b) => compare(toBaseName(a), toBaseName(b)))
}

/** Longer names are those of no file, and take long to search, characters. */
const LONGEST_NAME = 1_000

/**
 * The ControlNet a request names: its title, its stem without regard to case, or the shortest stem that contains the
 * text. A title with another hash is found by its stem.
 */
export function findControlModel(models: ModelIndex, name: string): ModelFile | undefined {
  const files = listControlModels(models)
  const exact = files.find((file) => toControlTitle(file) === name)
  if (exact !== undefined || name.length > LONGEST_NAME) return exact
  return findByStem(files, name) ?? findByStem(files, name.replace(/\s*\[[^\]]*\]\s*$/, ''))
}

function findByStem(files: readonly ModelFile[], name: string): ModelFile | undefined {
  const wanted = name.toLowerCase()
  if (wanted === '') return undefined
  const byStem = (file: ModelFile) => toControlStem(file).toLowerCase()
  const same = files.filter((file) => byStem(file) === wanted).at(-1)
  if (same !== undefined) return same
  const containing = files.filter((file) => byStem(file).includes(wanted))
  return containing.sort((a, b) => byStem(a).length - byStem(b).length)[0]
}

function toBaseName({ name }: ModelFile): string {
  return name.split('/').at(-1) ?? name
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}
