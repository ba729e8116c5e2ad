import type { ExactValue } from '@atelier/catalog/exact-json'
import { pythonException } from '../../errors.ts'
import type { Axis, AxisValue } from './axis.ts'

const NUMBER = String.raw`\s*([+-]?\s*\d+)`
const FRACTION = String.raw`\s*([+-]?\s*\d+(?:.\d*)?)`
/** `1-5`, `1-5 (+2)`: from, to, step. */
const RANGE = new RegExp(String.raw`^${NUMBER}\s*-${NUMBER}(?:\s*\(([+-]\d+)\s*\))?\s*$`)
const FRACTION_RANGE = new RegExp(
  String.raw`^${FRACTION}\s*-${FRACTION}(?:\s*\(([+-]\d+(?:.\d*)?)\s*\))?\s*$`,
)
/** `1-10 [5]`: from, to, how many. */
const COUNT = new RegExp(String.raw`^${NUMBER}\s*-${NUMBER}(?:\s*\[(\d+)\s*\])?\s*$`)
const FRACTION_COUNT = new RegExp(String.raw`^${FRACTION}\s*-${FRACTION}(?:\s*\[(\d+(?:.\d*)?)\s*\])?\s*$`)
/** Most values of one axis: more are more than a request may make. */
const MAX_VALUES = 256

/** One value: blanks, then a quoted text and what follows its quotes, or a text without them. */
const VALUE = /[ ]*(?:"((?:[^"]|"")*)"?([^,\r\n]*)|([^,\r\n]*))(,|\r?\n|\r|$)/y

/** Splits a text at its commas and line ends; quotes keep them, as Python's reader of CSV files has it. */
export function splitValues(text: string): string[] {
  const values: string[] = []
  let [at, isOpen] = [0, false]
  while (at < text.length || isOpen) {
    VALUE.lastIndex = at
    const [whole = '', quoted, rest = '', plain = '', end = ''] = VALUE.exec(text) ?? []
    const value = quoted === undefined ? plain : quoted.replaceAll('""', '"') + rest
    const isEmptyLine = !isOpen && whole.replace(/[\r\n]/g, '') === ''
    if (!isEmptyLine) values.push(value.trim())
    at += whole.length
    isOpen = end === ','
    if (whole === '') break
  }
  return values
}

/** Values in a line of CSV, as Python writes them, without blanks around it. */
export function joinValues(values: readonly string[]): string {
  // A line of one empty value is no empty line.
  if (values.length === 1 && values[0] === '') return '""'
  return values
    .map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .join(',')
    .trim()
}

/**
 * The values of an axis from its texts: ranges of numbers spread, words in every order.
 * @throws ApiError as Python fails for what is no number, and for more than 256 values
 */
export function readValues({ label, type }: Axis, texts: readonly string[]): AxisValue[] {
  if (label === 'Nothing') return [0n]
  const values = spread(type, texts)
  if (values.length > MAX_VALUES) refuseTooMany(label, values.length)
  return values
}

function spread(type: Axis['type'], texts: readonly string[]): AxisValue[] {
  if (type === 'text') return [...texts]
  if (type === 'order') return permute(texts)
  const numbers = texts.filter((text) => text !== '')
  return type === 'integer' ? numbers.flatMap(spreadIntegers) : numbers.flatMap(spreadFractions)
}

function refuseTooMany(label: string, count: number): never {
  throw pythonException('ValueError', `an axis may have at most ${MAX_VALUES} values, ${label} has ${count}`)
}

const toNumber = (text: string | undefined): number => Number((text ?? '').replace(/\s/g, ''))

function spreadIntegers(text: string): bigint[] {
  const range = RANGE.exec(text)
  if (range !== null) {
    const step = range[3] === undefined ? 1 : toNumber(range[3])
    return count(toNumber(range[1]), toNumber(range[2]) + 1, step).map(BigInt)
  }
  const spaced = COUNT.exec(text)
  if (spaced !== null)
    return space(toNumber(spaced[1]), toNumber(spaced[2]), toNumber(spaced[3] ?? '1')).map((value) =>
      BigInt(Math.trunc(value)),
    )
  if (/^[+-]?\d+$/.test(text)) return [BigInt(text.replace(/^\+/, ''))]
  throw pythonException('ValueError', `invalid literal for int() with base 10: '${text}'`)
}

function spreadFractions(text: string): number[] {
  const range = FRACTION_RANGE.exec(text)
  if (range !== null) {
    const step = range[3] === undefined ? 1 : toNumber(range[3])
    return count(toNumber(range[1]), toNumber(range[2]) + step, step)
  }
  const spaced = FRACTION_COUNT.exec(text)
  if (spaced !== null)
    return space(toNumber(spaced[1]), toNumber(spaced[2]), Math.trunc(toNumber(spaced[3] ?? '1')))
  const value = Number(text)
  if (Number.isNaN(value)) throw pythonException('ValueError', `could not convert string to float: '${text}'`)
  return [value]
}

/** Python's range, and NumPy's arange for fractions, which steps by what its first step has moved it, rounding included. */
function count(from: number, end: number, step: number): number[] {
  if (step === 0) throw pythonException('ValueError', 'range() arg 3 must not be zero')
  const length = Math.max(Math.ceil((end - from) / step), 0)
  if (length > MAX_VALUES) refuseTooMany('a range', length)
  const moved = from + step - from
  return Array.from({ length }, (_, index) => (index === 1 ? from + step : from + index * moved))
}

/** NumPy's linspace. */
function space(from: number, to: number, length: number): number[] {
  if (length > MAX_VALUES) refuseTooMany('a range', length)
  if (length === 1) return [from]
  const step = (to - from) / (length - 1)
  return Array.from({ length }, (_, index) => (index === length - 1 ? to : index * step + from))
}

/** All orders of words, those that keep the first ones longest first. */
function permute(words: readonly string[]): string[][] {
  let orders = 1
  for (let count = 2; count <= words.length; count += 1) orders *= count
  if (orders > MAX_VALUES) refuseTooMany('Prompt order', orders)
  if (words.length === 0) return [[]]
  return words.flatMap((word, index) =>
    permute(words.filter((_, at) => at !== index)).map((rest) => [word, ...rest]),
  )
}

/**
 * The texts an axis' values are read from: the list of choices where it has one, unless texts are asked for or nothing
 * is chosen.
 */
export function takeTexts(
  axis: Axis,
  { values, choices, usesTexts }: { values: ExactValue; choices: ExactValue; usesTexts: boolean },
): { texts: string[]; written: string } {
  const written = typeof values === 'string' ? values : ''
  const chosen = Array.isArray(choices) ? choices.map(String) : []
  const isChosen = chosen.length > 0 || written === ''
  if (axis.hasChoices === true && !usesTexts && isChosen)
    return { texts: chosen, written: joinValues(chosen) }
  return { texts: splitValues(written), written }
}
