import { createHash } from 'node:crypto'
import { toPythonFloat, type ExactValue } from '@atelier/catalog/exact-json'
import { optionNumber } from '../options/options-store.ts'
import { toShortHash, toStem } from '../generation/resolve-checkpoint.ts'
import { toVaeName } from '../generation/resolve-vae.ts'
import { toTimestamp } from '../answer/to-response.ts'
import { formatTime } from './format-time.ts'
import type { NameFacts } from './name-facts.ts'
import { sanitizeName } from './sanitize-name.ts'

/** A pattern that says nothing takes the text before it along. */
export const SILENT = Symbol('silent')

/** What a pattern stands for; undefined leaves it as it is written. */
type Pattern = (facts: NameFacts, ...args: string[]) => string | typeof SILENT | undefined

const keep = (text: string) => sanitizeName(text, { keepsBlanks: true })
const hash = (text: string, length = '') => cut(createHash('sha256').update(text).digest('hex'), length, 8)
const count = ({ plan }: NameFacts) => plan.seeds.length
const isSingle = (facts: NameFacts) => facts.plan.batchSize === 1

/** A1111's patterns of file names, by what stands between the brackets. */
export const NAME_PATTERNS: Readonly<Record<string, Pattern>> = {
  basename: ({ basename = 'img' }) => basename,
  seed: ({ plan, index }) => String(plan.seeds[index] ?? ''),
  seed_first: ({ plan, index }) => String(plan.batchSize === 1 ? plan.seeds[index] : plan.seeds[0]),
  seed_last: (facts) => (isSingle(facts) ? SILENT : String(facts.plan.seeds.at(-1))),
  steps: ({ plan }) => String(plan.steps),
  cfg: ({ plan }) => toText(plan.request.value('cfg_scale')),
  width: ({ width }) => String(width),
  height: ({ height }) => String(height),
  styles: ({ plan }) => keep(listStyleNames(plan.request.list('styles')).join(', ') || 'None'),
  sampler: ({ plan }) => keep(plan.sampling.sampler.name),
  sampler_scheduler: ({ plan }) => keep(`${plan.sampling.sampler.name} ${nameSchedule(plan)}`),
  scheduler: ({ plan }) => keep(nameSchedule(plan)),
  model_hash: ({ plan }) => toShortHash(plan.checkpoint) ?? '',
  model_name: ({ plan }) => keep(toStem(plan.checkpoint)),
  date: ({ now }) => formatTime(now, '%Y-%m-%d'),
  datetime: ({ now }, format = '', timeZone) => keep(formatTime(now, format || '%Y%m%d%H%M%S', timeZone)),
  job_timestamp: ({ startedAt }) => toTimestamp(startedAt),
  prompt_hash: ({ plan }, length) => hash(plan.prompt, length),
  negative_prompt_hash: ({ plan }, length) => hash(plan.negativePrompt, length),
  full_prompt_hash: ({ plan }, length) => hash(`${plan.prompt} ${plan.negativePrompt}`, length),
  prompt: ({ plan }) => sanitizeName(plan.prompt, { keepsBlanks: false }),
  prompt_spaces: ({ plan }) => keep(plan.prompt),
  prompt_no_styles: (facts) => keep(removeStyles(facts)),
  prompt_words: ({ plan }) =>
    listWords(plan.prompt, optionNumber(plan.options, 'directories_max_prompt_words', 8)),
  batch_number: (facts) => (isSingle(facts) ? SILENT : String((facts.index % facts.plan.batchSize) + 1)),
  batch_size: ({ plan }) => String(plan.batchSize),
  generation_number: (facts) => (count(facts) === 1 ? SILENT : String(facts.index + 1)),
  hasprompt: ({ plan }, ...args) => sanitizeName(findWords(plan.prompt, args), { keepsBlanks: false }),
  clip_skip: ({ plan }) => String(plan.clipSkip),
  denoising: ({ plan }) =>
    plan.request.number('denoising_strength') ? toText(plan.request.value('denoising_strength')) : SILENT,
  vae_filename: ({ plan }) =>
    plan.vae === undefined ? 'NoneType' : (toVaeName(plan.vae).replace(/^\./, '').split('.')[0] ?? ''),
  none: () => '',
  image_hash: ({ pixelHash }, length = '') => pixelHash && cut(pixelHash, length),
}

/** The first letters of a text, as many as are asked for; undefined for what is no whole number. */
function cut(text: string, length: string, fallback?: number): string | undefined {
  if (length === '') return text.slice(0, fallback)
  return /^\s*[+-]?\d+\s*$/.test(length) ? text.slice(0, Number(length)) : undefined
}

/** A schedule's label in small letters but for the first (Python's capitalize). */
function nameSchedule({ sampling }: NameFacts['plan']): string {
  const { label } = sampling.schedule
  return label.charAt(0).toUpperCase() + label.slice(1).toLowerCase()
}

function toText(value: ExactValue): string {
  return typeof value === 'number' ? toPythonFloat(value) : String(value ?? 'None')
}

function listStyleNames(names: readonly ExactValue[]): string[] {
  return names.map(String).filter((name) => name !== 'None')
}

/** The first words of a prompt, without punctuation. */
function listWords(prompt: string, limit: number): string {
  const words = prompt.split(/[\s!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]+/u).filter((word) => word !== '')
  return keep((words.length === 0 ? ['empty'] : words).slice(0, limit).join(' '))
}

/** For each `expected|other`: the first where the prompt holds it, else the second. */
function findWords(prompt: string, args: readonly string[]): string {
  const lower = prompt.toLowerCase()
  return args
    .filter((argument) => argument !== '')
    .map((argument) => {
      const [expected = '', other = ''] = argument.split('|')
      return lower.includes(expected.toLowerCase()) ? expected.toLowerCase() : other
    })
    .join('')
}

/** The prompt with the texts of its styles taken out again. */
function removeStyles({ plan, styles }: NameFacts): string {
  const trim = (text: string) => text.trim().replace(/^,+|(?<!,),+$/g, '')
  return styles.reduce((prompt, { prompt: text }) => {
    if (text === null || text === '') return prompt
    const bare = text
      .split('{prompt}')
      .reduce(
        (rest, part) => trim((part === '' ? rest : rest.replaceAll(part, '')).replaceAll(', ,', ',')),
        prompt,
      )
    return trim(bare.replaceAll(text, '')).trim()
  }, plan.prompt)
}
