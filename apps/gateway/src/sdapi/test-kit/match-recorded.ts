import { isExactObject, toPythonRepr, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'

/** What placeholders stand for so far; the same one must mean the same everywhere in an answer. */
export type Bindings = Map<string, string>

/** Where values of an answer that names no fields begin, in messages. */
const ROOT = 'answer'

/** Placeholders for numbers drawn at random, which must be consistent within an answer. */
const DRAWN = /<((?:sub)?seed)(?:\+(\d+))?>/g

/** Patterns of placeholders inside texts. */
const TEXT_FORMS: readonly (readonly [RegExp, string])[] = [
  [/<root>|<path>/g, '[^"]*?'],
  [/<url>/g, 'https?://[^/]+'],
  [/<timestamp>/g, '\\d{14}'],
  [/<secs>/g, '[\\d.e-]+'],
  [/<n>/g, '\\d+'],
  // Hashes of the recorded checkpoints, where other files stand in for them.
  [/<hash>/g, '[0-9a-f]+'],
  [/<date>/g, '[\\d:TZ.+ -]+'],
  [/<year>/g, '\\d{4}'],
  [/<html>|<text>|<base64>|<commit8?>|<addr>|<openapi>|<image \d+>/g, '[^]*'],
]

/**
 * The first difference between an answer and a recorded one, or undefined. Key order and the type of numbers count;
 * placeholders match what they stand for.
 */
export function findDifference(
  actual: ExactValue | undefined,
  expected: ExactValue,
  bindings: Bindings = new Map(),
  path: string = ROOT,
): string | undefined {
  if (typeof expected === 'string') return matchText(actual, expected, bindings, path)
  if (Array.isArray(expected)) return matchList(actual, expected, bindings, path)
  if (isExactObject(expected)) return matchObject(actual, expected, bindings, path)
  return Object.is(actual, expected) ? undefined : differ(path, actual, expected)
}

function matchText(
  actual: ExactValue | undefined,
  expected: string,
  bindings: Bindings,
  path: string,
): string | undefined {
  if (
    ['<int>', '<app_id>', '<float>', '<secs>', '<timestamp>'].includes(expected) &&
    typeof actual !== 'string'
  ) {
    return matchNumber(actual, expected, path)
  }
  if (expected === '<openapi>') return isExactObject(actual) ? undefined : differ(path, actual, expected)
  if (typeof actual !== 'string') return differ(path, actual, expected)
  if (actual === expected) return undefined
  if (!expected.includes('<')) return differ(path, actual, expected)
  return matchPattern(actual, expected, bindings) ? undefined : differ(path, actual, expected)
}

function matchNumber(actual: ExactValue | undefined, expected: string, path: string): string | undefined {
  const isInteger = expected === '<int>' || expected === '<app_id>'
  const isRight = isInteger ? typeof actual === 'bigint' : typeof actual === 'number'
  return isRight ? undefined : differ(path, actual, expected)
}

/** Drawn seeds are bound at their first occurrence and checked for their offset at the others. */
function matchPattern(actual: string, expected: string, bindings: Bindings): boolean {
  const found: { readonly name: string; readonly offset: bigint }[] = []
  let pattern = ''
  let rest = 0
  for (const match of expected.matchAll(DRAWN)) {
    pattern += toPattern(expected.slice(rest, match.index))
    found.push({ name: match[1] ?? '', offset: BigInt(match[2] ?? 0) })
    pattern += '(\\d+)'
    rest = match.index + match[0].length
  }
  const groups = new RegExp(`^${pattern}${toPattern(expected.slice(rest))}$`).exec(actual)
  if (groups === null) return false
  return found.every(({ name, offset }, index) => {
    const drawn = String(BigInt(groups[index + 1] ?? 0) - offset)
    const bound = bindings.get(name) ?? drawn
    bindings.set(name, bound)
    return bound === drawn
  })
}

function toPattern(text: string): string {
  let pattern = text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  for (const [placeholder, form] of TEXT_FORMS) pattern = pattern.replace(placeholder, () => form)
  return pattern
}

function matchList(
  actual: ExactValue | undefined,
  expected: readonly ExactValue[],
  bindings: Bindings,
  path: string,
): string | undefined {
  if (!Array.isArray(actual)) return differ(path, actual, [...expected])
  if (actual.length !== expected.length) {
    return `${path} has ${actual.length} items, recorded ${expected.length}: ${shorten(actual)} / ${shorten([...expected])}`
  }
  for (const [index, item] of expected.entries()) {
    const difference = findDifference(actual[index], item, bindings, `${path}[${index}]`)
    if (difference !== undefined) return difference
  }
  return undefined
}

function matchObject(
  actual: ExactValue | undefined,
  expected: ExactObject,
  bindings: Bindings,
  path: string,
): string | undefined {
  const length = expected.get('<list>')
  if (length !== undefined) {
    return Array.isArray(actual) && BigInt(actual.length) === length
      ? undefined
      : differ(path, actual, expected)
  }
  if (!isExactObject(actual)) return differ(path, actual, expected)
  const keys = expected.get('<keys>')
  if (Array.isArray(keys)) return matchKeys([...actual.keys()].sort(), keys.map(String), path)
  const orderDifference = matchKeys([...actual.keys()], [...expected.keys()], path)
  if (orderDifference !== undefined) return orderDifference
  for (const [key, value] of expected) {
    const difference = findDifference(actual.get(key), value, bindings, `${path}.${key}`)
    if (difference !== undefined) return difference
  }
  return undefined
}

function matchKeys(actual: readonly string[], expected: readonly string[], path: string): string | undefined {
  const missing = expected.filter((key) => !actual.includes(key))
  const extra = actual.filter((key) => !expected.includes(key))
  if (missing.length > 0 || extra.length > 0) {
    return `${path} lacks [${missing.join(', ')}] and has more [${extra.join(', ')}]`
  }
  const index = actual.findIndex((key, at) => key !== expected[at])
  return index < 0 ? undefined : `${path} has ${actual[index]} where ${expected[index]} was recorded`
}

function differ(path: string, actual: ExactValue | undefined, expected: ExactValue): string {
  if (typeof actual === 'string' && typeof expected === 'string') return differInText(path, actual, expected)
  return `${path} is ${shorten(actual)}, recorded ${shorten(expected)}`
}

/** Characters shown around the place where long texts begin to differ. */
const SHOWN = 120

/** Shows two texts from shortly before the place where they part; placeholders are taken for what they cover. */
function differInText(path: string, actual: string, expected: string): string {
  if (actual.length < 2 * SHOWN)
    return `${path} is ${JSON.stringify(actual)}, recorded ${JSON.stringify(expected)}`
  let cut = expected.length
  while (cut > 0 && !matchesStart(actual, expected.slice(0, cut))) cut -= 1
  const rest = expected.slice(Math.max(0, cut - SHOWN / 2), cut + SHOWN)
  const matched = new RegExp(`^${toLoosePattern(expected.slice(0, cut))}`).exec(actual)?.[0].length ?? 0
  return `${path} has ${JSON.stringify(actual.slice(Math.max(0, matched - SHOWN / 2), matched + SHOWN))}, recorded ${JSON.stringify(rest)}`
}

function matchesStart(actual: string, start: string): boolean {
  return new RegExp(`^${toLoosePattern(start)}`).test(actual)
}

function toLoosePattern(text: string): string {
  return toPattern(text).replace(DRAWN, '\\d+')
}

function shorten(value: ExactValue | undefined): string {
  const text = value === undefined ? 'absent' : toPythonRepr(value)
  return text.length > 400 ? `${text.slice(0, 400)}…` : text
}
