import type { PictureFact } from '@atelier/catalog/pictures'
import { isExactObject, parseExactJson, toPythonString } from '@atelier/catalog/exact-json'
import { readImageMetadata } from '../../images/image-metadata.ts'

/** What png-info tells of a picture. */
export interface ImageInfotext {
  /** The generation text; empty where there is none. */
  readonly infotext: string
  /** Further metadata. */
  readonly items: ReadonlyMap<string, PictureFact>
}

/** Metadata that says nothing about how a picture was made. */
const ignoredItems = [
  'jfif',
  'jfif_version',
  'jfif_unit',
  'jfif_density',
  'dpi',
  'exif',
  'loop',
  'background',
  'timestamp',
  'duration',
  'progressive',
  'progression',
  'icc_profile',
  'chromaticity',
  'photoshop',
]

/** What the translation of foreign texts needs to know. */
export interface ImageFacts {
  readonly width: number
  readonly height: number
  /** The sampler's name for an alias such as "k_euler_ancestral". */
  readonly resolveSampler: (alias: string) => string | undefined
}

/** The infotext that says what a NovelAI picture's metadata says; undefined where that is incomplete. */
function translateNovelAi(items: ReadonlyMap<string, PictureFact>, facts: ImageFacts): string | undefined {
  const description = items.get('Description')
  const comment = items.get('Comment')
  if (typeof comment !== 'string' || description === undefined) return undefined
  try {
    const settings = parseExactJson(comment)
    if (!isExactObject(settings)) return undefined
    const [alias, negative, steps, scale, seed] = ['sampler', 'uc', 'steps', 'scale', 'seed'].map((key) => {
      const value = settings.get(key)
      if (value === undefined) throw new RangeError(`no ${key}`)
      return toPythonString(value)
    })
    const sampler = facts.resolveSampler(alias ?? '') ?? 'Euler a'
    const size = `${facts.width}x${facts.height}`
    return `${description}\nNegative prompt: ${negative}\nSteps: ${steps}, Sampler: ${sampler}, CFG scale: ${scale}, Seed: ${seed}, Size: ${size}, Clip skip: 2, ENSD: 31337`
  } catch {
    return undefined
  }
}

/** Reads the generation text of a picture as A1111 does: PNG "parameters", before that any comment, NovelAI's own first. */
export function readImageInfotext(bytes: Uint8Array, facts: ImageFacts): ImageInfotext {
  const metadata = readImageMetadata(bytes)
  const items = new Map(metadata.items)
  const parameters = items.get('parameters')
  for (const key of ['parameters', ...ignoredItems]) items.delete(key)
  const foreign = items.get('Software') === 'NovelAI' ? translateNovelAi(items, facts) : undefined
  const comment = metadata.comment === '' ? undefined : metadata.comment
  return { infotext: foreign ?? comment ?? String(parameters ?? ''), items }
}
