import { pythonSpaces } from '../clean-text/python-text.ts'

/** A piece of prompt text as the emphasis grammar sees it. */
export type EmphasisToken =
  /** Text to keep; `escaped` when it was written with a backslash and therefore may be empty. */
  | { readonly kind: 'text'; readonly text: string; readonly escaped: boolean }
  /** `(`, `[`, `)` or `]`. */
  | { readonly kind: 'bracket'; readonly text: '(' | '[' | ')' | ']' }
  /** `:1.2)`, with the number as written. */
  | { readonly kind: 'weight'; readonly text: string; readonly number: string }

const pattern = new RegExp(
  [
    String.raw`\\(?<escaped>[()[\]\\]?)`,
    String.raw`(?<bracket>[([])`,
    `(?<weight>:[${pythonSpaces}]*(?<number>[+-]?[.\\d]+)[${pythonSpaces}]*\\))`,
    String.raw`(?<closing>[)\]])`,
    String.raw`(?<text>[^\\()[\]:]+|:)`,
  ].join('|'),
  'gu',
)

/** Splits a prompt into text, brackets and weights; every character belongs to one token. */
export function scanEmphasis(prompt: string): EmphasisToken[] {
  return Array.from(prompt.matchAll(pattern), ({ 0: whole, groups = {} }): EmphasisToken => {
    const bracket = groups['bracket'] ?? groups['closing']
    if (bracket !== undefined) return { kind: 'bracket', text: bracket as '(' | '[' | ')' | ']' }
    if (groups['weight'] !== undefined) return { kind: 'weight', text: whole, number: groups['number'] ?? '' }
    if (groups['text'] !== undefined) return { kind: 'text', text: whole, escaped: false }
    return { kind: 'text', text: groups['escaped'] ?? '', escaped: true }
  })
}
