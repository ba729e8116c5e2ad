import type { PatternMatch } from './find-matches.ts'
import { noPattern } from './pattern-error.ts'
import { PatternText } from './pattern-text.ts'
import { CONTROLS } from './translate-escape.ts'

/**
 * What Python's `re.sub` puts in a match's place: groups by `\1`, `\g<1>` and `\g<name>`, empty where they took no part.
 * @throws PatternError when the template names a group that is none, or an escape that Python does not know
 */
export function expandTemplate(template: string, match: PatternMatch): string {
  const text = new PatternText(template)
  let expanded = ''
  while (!text.isAtEnd) {
    expanded += text.takeMatch(/^[^\\]+/)?.[0] ?? ''
    if (text.takeMatch(/^\\/)) expanded += expandEscape(text, match)
  }
  return expanded
}

function expandEscape(text: PatternText, match: PatternMatch): string {
  const octal = text.takeMatch(/^(?:0[0-7]?[0-7]?|[1-3][0-7]{2})/)
  if (octal) return String.fromCodePoint(Number.parseInt(octal[0], 8))
  const number = text.takeMatch(/^(?:([1-9]\d?)|g<(\d+)>)/)
  if (number) return groupOf(match, Number(number[1] ?? number[2]))
  const name = text.takeMatch(/^g<([\p{L}_][\p{L}\p{N}_]*)>/u)?.[1]
  if (name !== undefined) {
    if (!(name in match.names)) throw noPattern(`unknown group name '${name}'`)
    return match.names[name] ?? ''
  }
  const character = text.take()
  const control = character === 'b' ? 8 : CONTROLS[character]
  if (control !== undefined) return String.fromCodePoint(control)
  if (/[A-Za-z]/.test(character) || character === '') throw noPattern(`bad escape \\${character}`)
  return character === '\\' ? character : `\\${character}`
}

function groupOf({ groups }: PatternMatch, index: number): string {
  if (index >= groups.length) throw noPattern(`invalid group reference ${index}`)
  return groups[index] ?? ''
}
