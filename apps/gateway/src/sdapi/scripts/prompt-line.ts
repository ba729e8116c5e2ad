import type { ExactValue } from '@atelier/catalog/exact-json'
import { WEBUI_SAMPLERS } from '@atelier/catalog'
import type { ModelIndex } from '../../models/model-index.ts'
import { searchCheckpoint } from '../generation/resolve-checkpoint.ts'
import { splitWords } from './split-words.ts'

/** What a line of prompts sets. */
export interface LineSettings {
  readonly fields: Readonly<Record<string, ExactValue>>
  /** Name of a checkpoint. */
  readonly checkpoint?: string
}

type Kind = 'text' | 'integer' | 'float' | 'boolean' | 'list'

/** Fields a line may set, and what their texts are read as. */
const FIELDS: Readonly<Record<string, Kind>> = {
  ...{ outpath_samples: 'text', outpath_grids: 'text', prompt_for_display: 'text' },
  ...{ prompt: 'text', negative_prompt: 'text', styles: 'list', sampler_name: 'text' },
  ...{ seed: 'integer', subseed: 'integer', seed_resize_from_h: 'integer', seed_resize_from_w: 'integer' },
  ...{ sampler_index: 'integer', batch_size: 'integer', n_iter: 'integer', steps: 'integer' },
  ...{ width: 'integer', height: 'integer', subseed_strength: 'float', cfg_scale: 'float' },
  ...{
    restore_faces: 'boolean',
    tiling: 'boolean',
    do_not_save_samples: 'boolean',
    do_not_save_grid: 'boolean',
  },
}
/** Fields that say nothing here: folders are the server's, samplers have names. */
const PASSED_OVER = new Set(['outpath_samples', 'outpath_grids', 'prompt_for_display', 'sampler_index'])

/** Reads a line: settings where it has options that can be read, a prompt else, as A1111 does. */
export function parseLine(line: string, models: ModelIndex): LineSettings {
  if (!line.includes('--')) return { fields: { prompt: line } }
  return parseOptions(line, models) ?? { fields: { prompt: line } }
}

function parseOptions(line: string, models: ModelIndex): LineSettings | undefined {
  const words = split(line)
  if (words === undefined) return undefined
  const fields: Record<string, ExactValue> = {}
  let checkpoint: string | undefined
  for (let at = 0; at < words.length;) {
    const option = words[at]!
    const first = words[at + 1]
    if (!option.startsWith('--') || first === undefined) return undefined
    const name = option.slice(2)
    at += 2
    if (name === 'prompt' || name === 'negative_prompt') {
      const rest: string[] = [first]
      for (; at < words.length && !words[at]!.startsWith('--'); at += 1) rest.push(words[at]!)
      fields[name] = rest.join(' ')
      continue
    }
    if (name === 'sd_model') {
      checkpoint = searchCheckpoint(models, first)?.name
      if (checkpoint === undefined) return undefined
      continue
    }
    const kind = FIELDS[name]
    const value = kind && convert(name === 'sampler_name' ? findSampler(first) : first, kind)
    if (value === undefined) return undefined
    if (!PASSED_OVER.has(name)) fields[name] = value
  }
  return { fields, ...(checkpoint === undefined ? {} : { checkpoint }) }
}

function split(line: string): string[] | undefined {
  try {
    return splitWords(line)
  } catch {
    return undefined
  }
}

function convert(text: string | undefined, kind: Kind): ExactValue | undefined {
  if (text === undefined) return null
  if (kind === 'text') return text
  if (kind === 'list') return text.split(',').map((name) => name.trim())
  if (kind === 'boolean') return text === 'true'
  const isNumber =
    kind === 'integer' ? /^\s*[+-]?\d+\s*$/.test(text) : text.trim() !== '' && !Number.isNaN(Number(text))
  if (!isNumber) return undefined
  return kind === 'integer' ? BigInt(text.trim().replace(/^\+/, '')) : Number(text)
}

/** A sampler by its name or alias in any case; undefined leaves the choice to the default, as A1111 does. */
function findSampler(text: string): string | undefined {
  const wanted = text.toLowerCase()
  return WEBUI_SAMPLERS.find(
    ({ name, aliases }) =>
      name.toLowerCase() === wanted || aliases.some((alias) => alias.toLowerCase() === wanted),
  )?.name
}
