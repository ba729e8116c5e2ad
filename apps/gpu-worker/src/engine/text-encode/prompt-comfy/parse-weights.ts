import { parsePythonFloat } from '../clean-text/python-text.ts'
import { PromptError } from '../prompt-error.ts'

/** Text with the weight its tokens get; parentheses that were written with a backslash are back as plain ones. */
export interface WeightedText {
  readonly text: string
  readonly weight: number
}

const bracketFactor = 1.1
/** Nested deeper than this, the original runs out of stack. */
const deepestNesting = 900
const escapedClose = '\0\x01'
const escapedOpen = '\0\x02'

function hideEscapes(text: string): string {
  return text.replaceAll('\\)', escapedClose).replaceAll('\\(', escapedOpen)
}

function showEscapes(text: string): string {
  return text.replaceAll(escapedClose, ')').replaceAll(escapedOpen, '(')
}

/** Cuts a text at its outermost parentheses. A closing one too many shifts the level for all that follows. */
function splitGroups(text: string): string[] {
  const groups: string[] = []
  let start = 0
  let level = 0
  for (let position = 0; position < text.length; position++) {
    const character = text[position]
    if (character === '(') {
      if (level === 0) {
        groups.push(text.slice(start, position))
        start = position
      }
      level += 1
    } else if (character === ')') {
      level -= 1
      if (level === 0) {
        groups.push(text.slice(start, position + 1))
        start = position + 1
      }
    }
  }
  groups.push(text.slice(start))
  return groups.filter((group) => group !== '')
}

/** Splits `text:1.2` at its last colon; a weight given so replaces the inherited one. */
function readGroup(inside: string, inherited: number): WeightedText {
  const colon = inside.lastIndexOf(':')
  const weight = colon > 0 ? parsePythonFloat(inside.slice(colon + 1)) : undefined
  if (weight === undefined) return { text: inside, weight: inherited * bracketFactor }
  return { text: inside.slice(0, colon), weight }
}

function parseGroups(text: string, weight: number, depth: number): WeightedText[] {
  if (depth > deepestNesting) throw new PromptError('maximum recursion depth exceeded')
  return splitGroups(text).flatMap((group) => {
    const isBracketed = group.length >= 2 && group.startsWith('(') && group.endsWith(')')
    if (!isBracketed) return [{ text: showEscapes(group), weight }]
    const inner = readGroup(group.slice(1, -1), weight)
    return parseGroups(inner.text, inner.weight, depth + 1)
  })
}

/**
 * Parses ComfyUI's weights: `(text)` × 1.1, `(text:1.5)` exactly 1.5, `\(` and `\)` as plain parentheses. Empty for
 * an empty prompt.
 * @throws PromptError for parentheses nested more than 900 deep
 */
export function parseWeights(prompt: string): WeightedText[] {
  return parseGroups(hideEscapes(prompt), 1, 0)
}
