import type { NameFacts } from './name-facts.ts'
import { NAME_PATTERNS, SILENT } from './name-patterns.ts'

/** A text, then a pattern in brackets or the end. */
const PART = /(.*?)(?:\[([^[\]]+)\]|$)/gs
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
  for (;;) {
    const start = key.lastIndexOf('<')
    // The last argument ends the text and holds no bracket.
    if (start < 0 || key.indexOf('>', start) !== key.length - 1) return { key, args }
    args.unshift(key.slice(start + 1, -1))
    key = key.slice(0, start)
  }
}
