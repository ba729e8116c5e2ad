import { extractStyles, type PromptStyle } from '../styles.ts'
import { toOldFirstPassSize } from './old-hires.ts'
import { unquoteValue } from './quote.ts'
import { usesEmphasis } from './uses-emphasis.ts'
import { isOlder, parseProgramVersion } from './version.ts'

/** A parsed value: text as written, or a default A1111 fills in. */
export type ParsedValue = string | number | boolean | readonly string[]

/** The parameters of an infotext in A1111's order of keys. */
export type ParsedInfotext = Map<string, ParsedValue>

/** Options that decide how an infotext is read; the names in brackets are A1111's. */
export interface InfotextReading {
  /** Whether styles are taken out of prompts and reported (infotext_styles). */
  readonly styleMode: 'Ignore' | 'Apply' | 'Discard' | 'Apply if any'
  readonly styles: readonly PromptStyle[]
  /** Keys that are dropped (infotext_skip_pasting). */
  readonly skippedKeys: readonly string[]
  /** The final size of a hires image becomes its size (use_old_hires_fix_width_height). */
  readonly usesOldHiresSize: boolean
  /** Keys are added for texts of older versions (auto_backcompat). */
  readonly addsBackwardCompatibility: boolean
}

const wordCharacters = '\\p{L}\\p{N}_'
// The look-behind starts no second search inside a run that has no colon, which keeps long texts linear.
const parameter = new RegExp(
  `(?<![${wordCharacters} \\-/])[ \\-/]*([${wordCharacters}][${wordCharacters} \\-/]+):\\s*("(?:\\\\.|[^\\\\"])+"|[^,]*)(?:,|$)`,
  'gu',
)
const fewestParameters = 3
const sizeValue = /^(\d+)x(\d+)$/
const negativeMark = 'Negative prompt:'

/** Cuts a text into the two prompts and the parameter line, which is the last one where it holds three parameters. */
function splitText(text: string): {
  readonly prompt: string
  readonly negativePrompt: string
  readonly line: string
} {
  const lines = text.trim().split('\n')
  const last = lines.at(-1) ?? ''
  const hasParameters = Array.from(last.matchAll(parameter)).length >= fewestParameters
  if (hasParameters) lines.pop()
  const prompts: string[] = []
  const negatives: string[] = []
  let isNegative = false
  for (const line of lines.map((each) => each.trim())) {
    const startsNegative = line.startsWith(negativeMark)
    isNegative ||= startsNegative
    const target = isNegative ? negatives : prompts
    target.push(startsNegative ? line.slice(negativeMark.length).trim() : line)
  }
  return { prompt: joinLines(prompts), negativePrompt: joinLines(negatives), line: hasParameters ? last : '' }
}

/** Joins lines, without the empty ones at the start. */
function joinLines(lines: readonly string[]): string {
  const first = lines.findIndex((line) => line !== '')
  return first < 0 ? '' : lines.slice(first).join('\n')
}

function readParameters(line: string): ParsedInfotext {
  const parsed: ParsedInfotext = new Map()
  for (const [, key = '', written = ''] of line.matchAll(parameter)) {
    // "Key: ," names a key without a value; it is dropped.
    if (written === '') continue
    const value = written.startsWith('"') && written.endsWith('"') ? unquoteValue(written) : written
    const size = sizeValue.exec(value)
    if (size === null) {
      parsed.set(key, value)
    } else {
      parsed.set(`${key}-1`, size[1] ?? '')
      parsed.set(`${key}-2`, size[2] ?? '')
    }
  }
  return parsed
}

const firstVersionWithHiresStyles = parseProgramVersion('1.8.0-139') ?? []

function takeStylesOut(
  parsed: ParsedInfotext,
  prompt: string,
  negativePrompt: string,
  reading: InfotextReading,
) {
  if (reading.styleMode === 'Ignore') return { prompt, negativePrompt }
  const found = extractStyles(reading.styles, prompt, negativePrompt)
  const hasHiresPrompts = parsed.has('Hires prompt') || parsed.has('Hires negative prompt')
  const version = parseProgramVersion(String(parsed.get('Version') ?? ''))
  if (hasHiresPrompts && (version === undefined || isOlder(firstVersionWithHiresStyles, version))) {
    const hiresPrompt = String(parsed.get('Hires prompt') ?? prompt)
    const hiresNegative = String(parsed.get('Hires negative prompt') ?? negativePrompt)
    const hires = extractStyles(reading.styles, hiresPrompt, hiresNegative)
    if (hires.styles.join('\0') !== found.styles.join('\0')) return { prompt, negativePrompt }
    parsed.set('Hires prompt', hires.prompt === found.prompt ? '' : hires.prompt)
    parsed.set(
      'Hires negative prompt',
      hires.negativePrompt === found.negativePrompt ? '' : hires.negativePrompt,
    )
  }
  const isReported =
    reading.styleMode === 'Apply' || (reading.styleMode === 'Apply if any' && found.styles.length > 0)
  if (isReported) parsed.set('Styles array', found.styles)
  return found
}

function setDefaults(parsed: ParsedInfotext, defaults: readonly (readonly [string, ParsedValue])[]): void {
  for (const [key, value] of defaults) if (!parsed.has(key)) parsed.set(key, value)
}

/** Hires texts of before 1.0 named the first pass; turns that into size and hires size. */
function restoreOldHires(parsed: ParsedInfotext, usesOldHiresSize: boolean): void {
  const readNumber = (key: string, fallback: number) => parseInt(String(parsed.get(key) ?? fallback), 10) || 0
  const hires = { width: readNumber('Hires resize-1', 0), height: readNumber('Hires resize-2', 0) }
  if (usesOldHiresSize && hires.width !== 0 && hires.height !== 0) {
    parsed.set('Size-1', hires.width)
    parsed.set('Size-2', hires.height)
    return
  }
  if (!parsed.has('First pass size-1') || !parsed.has('First pass size-2')) return
  const named = { width: readNumber('First pass size-1', 0), height: readNumber('First pass size-2', 0) }
  const size = { width: readNumber('Size-1', 512), height: readNumber('Size-2', 512) }
  const firstPass = named.width === 0 || named.height === 0 ? toOldFirstPassSize(size) : named
  parsed.set('Size-1', firstPass.width)
  parsed.set('Size-2', firstPass.height)
  parsed.set('Hires resize-1', size.width)
  parsed.set('Hires resize-2', size.height)
}

const versions = {
  newTimelines: parseProgramVersion('1.6.0') ?? [],
  fullPrecisionAlphas: parseProgramVersion('1.7.0-225') ?? [],
  refinerByStep: parseProgramVersion('1.8.0') ?? [],
}

function addBackwardCompatibility(parsed: ParsedInfotext): void {
  const version = parseProgramVersion(String(parsed.get('Version') ?? ''))
  if (version === undefined) return
  const isBeforeTimelines = isOlder(version, versions.newTimelines)
  if (isBeforeTimelines && String(parsed.get('Prompt')).includes('['))
    parsed.set('Old prompt editing timelines', true)
  if (isBeforeTimelines && ['DDIM', 'PLMS'].includes(String(parsed.get('Sampler'))))
    parsed.set('Pad conds v0', true)
  if (isOlder(version, versions.fullPrecisionAlphas)) parsed.set('Downcast alphas_cumprod', true)
  if (isOlder(version, versions.refinerByStep) && (parsed.get('Refiner') ?? '') !== '') {
    parsed.set('Refiner switch by sampling steps', true)
  }
}

const earlyDefaults = [
  ['Hires sampler', 'Use same sampler'],
  ['Hires schedule type', 'Use same scheduler'],
  ['Hires checkpoint', 'Use same checkpoint'],
  ['Hires prompt', ''],
  ['Hires negative prompt', ''],
  ['Mask mode', 'Inpaint masked'],
  ['Masked content', 'original'],
  ['Inpaint area', 'Whole picture'],
  ['Masked area padding', 32],
] as const
const lateDefaults = [
  ['RNG', 'GPU'],
  ['Schedule type', 'Automatic'],
  ['Schedule max sigma', 0],
  ['Schedule min sigma', 0],
  ['Schedule rho', 0],
  ['VAE Encoder', 'Full'],
  ['VAE Decoder', 'Full'],
  ['FP8 weight', 'Disable'],
] as const

/** Reads an infotext as A1111 does; any text is one, for without a parameter line it is all prompt. */
export function parseInfotext(text: string, reading: InfotextReading): ParsedInfotext {
  const split = splitText(text)
  const parsed = readParameters(split.line)
  const { prompt, negativePrompt } = takeStylesOut(parsed, split.prompt, split.negativePrompt, reading)
  parsed.set('Prompt', prompt)
  parsed.set('Negative prompt', negativePrompt)
  setDefaults(parsed, [['Clip skip', '1']])
  const hypernetwork = parsed.get('Hypernet')
  if (hypernetwork !== undefined) {
    parsed.set(
      'Prompt',
      `${prompt}<hypernet:${String(hypernetwork)}:${String(parsed.get('Hypernet strength') ?? '1.0')}>`,
    )
  }
  if (!parsed.has('Hires resize-1')) {
    parsed.set('Hires resize-1', 0)
    parsed.set('Hires resize-2', 0)
  }
  setDefaults(parsed, earlyDefaults)
  restoreOldHires(parsed, reading.usesOldHiresSize)
  setDefaults(parsed, lateDefaults)
  if (parsed.get('FP8 weight') !== 'Disable') setDefaults(parsed, [['Cache FP16 weight for LoRA', false]])
  if (usesEmphasis(prompt) || usesEmphasis(negativePrompt)) setDefaults(parsed, [['Emphasis', 'Original']])
  setDefaults(parsed, [['Refiner switch by sampling steps', false]])
  if (reading.addsBackwardCompatibility) addBackwardCompatibility(parsed)
  for (const key of reading.skippedKeys) parsed.delete(key)
  return parsed
}
