import { createHash } from 'node:crypto'
import sharp from 'sharp'

/** A JSON value of a recording. */
export type Recorded = unknown

/** Ids that a recording names only by a placeholder, and what stands for them here. */
export type Bindings = Map<string, string>

/** Placeholders that name an id: the same text is the same id. */
const NAMED = /<(?:UUID|HEX32_)\d+>/g
/** Placeholders that stand for anything of a form. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/<RAND5>/g, '[a-z]{5}'],
  [/<(?:TEXT|BASE|COMFYUI|REPR|ADDR|HOST|ARGV|ISO|DATE|ETAG)>/g, '[^]*?'],
]

/** Keys whose lists come from Python sets: they are compared without order. */
const UNORDERED = new Set([
  'unordered',
  'errors',
  'dependent_outputs',
  'executed',
  'current_outputs',
  'outputs_to_execute',
])

/**
 * Compares with a recorded value, placeholders as the recordings' README says, and learns what named placeholders stand
 * for. Returns where and how they differ, or undefined.
 */
export function findDifference(
  actual: unknown,
  expected: Recorded,
  bindings: Bindings,
  path = '$',
): string | undefined {
  if (typeof expected === 'string') return matchText(actual, expected, bindings, path)
  if (expected === null || typeof expected !== 'object')
    return Object.is(actual, expected) || actual === expected ? undefined : differ(path, actual, expected)
  if (Array.isArray(expected)) return matchList(actual, expected, bindings, path)
  return matchObject(actual, expected as Record<string, unknown>, bindings, path)
}

function matchText(actual: unknown, expected: string, bindings: Bindings, path: string): string | undefined {
  if (['<TS>', '<INT>'].includes(expected))
    return typeof actual === 'number' ? undefined : differ(path, actual, expected)
  if (expected === '<FLOAT>') return typeof actual === 'number' ? undefined : differ(path, actual, expected)
  if (['<REPR>', '<TEXT>', '<TRACEBACK>'].includes(expected)) return undefined
  if (typeof actual !== 'string') return differ(path, actual, expected)
  const names: string[] = []
  let pattern = ''
  let rest = 0
  for (const match of expected.matchAll(NAMED)) {
    pattern += toPattern(expected.slice(rest, match.index))
    const bound = bindings.get(match[0])
    if (bound === undefined) names.push(match[0])
    pattern += bound === undefined ? '([0-9a-f-]{32,36})' : escape(bound)
    rest = match.index + match[0].length
  }
  const found = new RegExp(`^${pattern}${toPattern(expected.slice(rest))}$`).exec(actual)
  if (found === null) return differ(path, actual, expected)
  names.forEach((name, index) => bindings.set(name, found[index + 1] ?? ''))
  return undefined
}

function toPattern(text: string): string {
  let pattern = escape(text)
  for (const [placeholder, form] of FORMS) pattern = pattern.replace(placeholder, form)
  return pattern
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

function matchList(
  actual: unknown,
  expected: unknown[],
  bindings: Bindings,
  path: string,
): string | undefined {
  if (expected.length === 1 && expected[0] === '<TRACEBACK>')
    return Array.isArray(actual) ? undefined : differ(path, actual, expected)
  if (expected.length === 1 && expected[0] === '<ARGV>')
    return Array.isArray(actual) ? undefined : differ(path, actual, expected)
  if (!Array.isArray(actual) || actual.length !== expected.length) return differ(path, actual, expected)
  const key = /\.(\w+)$/.exec(path)?.[1] ?? ''
  // Item 4 of a queue item is the set of outputs.
  if (UNORDERED.has(key) || /prompt\[4\]$|queue_(running|pending)\[\d+\]\[4\]$/.test(path))
    return matchSet(actual, expected, bindings, path)
  for (const [index, item] of expected.entries()) {
    const difference = findDifference(actual[index], item, bindings, `${path}[${index}]`)
    if (difference !== undefined) return difference
  }
  return undefined
}

function matchSet(
  actual: unknown[],
  expected: unknown[],
  bindings: Bindings,
  path: string,
): string | undefined {
  const rest = [...actual]
  for (const item of expected) {
    const index = rest.findIndex((one) => findDifference(one, item, new Map(bindings)) === undefined)
    if (index < 0) return differ(path, actual, item)
    findDifference(rest[index], item, bindings)
    rest.splice(index, 1)
  }
  return undefined
}

function matchObject(
  actual: unknown,
  expected: Record<string, unknown>,
  bindings: Bindings,
  path: string,
): string | undefined {
  if (actual === null || typeof actual !== 'object' || Array.isArray(actual))
    return differ(path, actual, expected)
  const members = new Map(Object.entries(actual))
  for (const [name, value] of Object.entries(expected)) {
    const key = name.replace(NAMED, (placeholder) => bindings.get(placeholder) ?? placeholder)
    if (!members.has(key)) return `${path}.${key} is missing; there are ${[...members.keys()].join(', ')}`
    const difference = findDifference(members.get(key), value, bindings, `${path}.${key}`)
    if (difference !== undefined) return difference
    members.delete(key)
  }
  return members.size === 0
    ? undefined
    : `${path} has more than was recorded: ${[...members.keys()].join(', ')}`
}

function differ(path: string, actual: unknown, expected: unknown): string {
  return `${path} is ${shorten(actual)}, recorded ${shorten(expected)}`
}

function shorten(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 300)
}

/** A file as a recording describes it. */
export interface RecordedBinary {
  readonly len?: number
  readonly sha256?: string
  readonly image?: {
    readonly format: string
    readonly mode: string
    readonly width: number
    readonly height: number
  }
  readonly pixels_b64?: string
}

const CHANNELS: Readonly<Record<string, number>> = { L: 1, LA: 2, RGB: 3, RGBA: 4 }

/** Compares bytes: equal ones pass; pictures by format, mode and size, and by their pixels where nothing is lossy. */
export async function findBinaryDifference(
  bytes: Uint8Array,
  expected: RecordedBinary,
): Promise<string | undefined> {
  if (createHash('sha256').update(bytes).digest('hex') === expected.sha256) return undefined
  if (expected.image === undefined) return `other bytes: ${bytes.byteLength}, recorded ${expected.len}`
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  const { format, mode, width, height } = expected.image
  const actual = `${(await sharp(bytes).metadata()).format.toUpperCase()} ${info.channels} ${info.width}x${info.height}`
  const recorded = `${format} ${CHANNELS[mode] ?? mode} ${width}x${height}`
  if (actual !== recorded) return `picture is ${actual}, recorded ${recorded}`
  if (format !== 'PNG' || expected.pixels_b64 === undefined) return undefined
  return data.equals(Buffer.from(expected.pixels_b64, 'base64')) ? undefined : 'other pixels'
}
