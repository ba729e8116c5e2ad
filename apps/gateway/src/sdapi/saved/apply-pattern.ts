import type { NameFacts } from './name-facts.ts'
import { NAME_PATTERNS, SILENT } from './name-patterns.ts'

/** A text, then a pattern in brackets or the end. */
const PART = /(.*?)(?:\[([^[\]]+)\]|$)/gs
/** The last argument of a pattern. */
const ARGUMENT = /^(.*)<([^>]*)>$/s

/** A name's pattern with what its brackets stand for; unknown ones stay as they are. */
export function applyPattern(pattern: string, facts: NameFacts): string {
  let name = ''
  for (const [, text = '', inside] of pattern.matchAll(PART)) {
    if (inside === undefined) {
      name += text
      continue
    }
    const { key, args } = splitArguments(inside)
    const value = Object.hasOwn(NAME_PATTERNS, key.toLowerCase())
      ? NAME_PATTERNS[key.toLowerCase()]!(facts, ...args)
      : undefined
    if (value === SILENT) continue
    name += text + (value ?? `[${key}]`)
  }
  return name
}

function splitArguments(inside: string): { key: string; args: string[] } {
  const args: string[] = []
  let key = inside
  for (let match = ARGUMENT.exec(key); match !== null; match = ARGUMENT.exec(key)) {
    args.unshift(match[2] ?? '')
    key = match[1] ?? ''
  }
  return { key, args }
}
