import { pythonSpaces } from '../clean-text/python-text.ts'
import { PromptError } from '../prompt-error.ts'
import { scanEmphasis, type EmphasisToken } from './scan-emphasis.ts'

/** Text with the factor its tokens get. */
export interface WeightedText {
  readonly text: string
  readonly weight: number
}

/** How weights change what the text encoder gives; the names are A1111's option values. */
export type EmphasisMode = 'None' | 'Ignore' | 'Original' | 'No norm'

const roundFactor = 1.1
const squareFactor = 1 / 1.1
/** The word BREAK with the white space around it. Word characters are Unicode's, unlike JavaScript's `\b`. */
const breakWord = new RegExp(
  `[${pythonSpaces}]*(?<![\\p{L}\\p{N}_])BREAK(?![\\p{L}\\p{N}_])[${pythonSpaces}]*`,
  'u',
)
const breakMark: WeightedText = { text: 'BREAK', weight: -1 }

/** Whether a piece asks for a new chunk: the word BREAK outside any bracket. */
export function isBreak(piece: WeightedText): boolean {
  return piece.text === breakMark.text && piece.weight === breakMark.weight
}

/**
 * Reads a weight as Python's float() does.
 * @throws PromptError with its words
 */
function parseWeight(number: string): number {
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(number)) {
    throw new PromptError(`could not convert string to float: '${number}'`)
  }
  return Number(number)
}

/** The pieces so far, with the places at which brackets opened. Round and square brackets may cross. */
class EmphasisState {
  readonly pieces: { text: string; weight: number }[] = []
  private readonly roundStarts: number[] = []
  private readonly squareStarts: number[] = []

  /** Opens a bracket at the next piece. */
  open(bracket: '(' | '['): void {
    this.startsOf(bracket).push(this.pieces.length)
  }

  /** Whether a bracket waits to be closed. */
  isOpen(bracket: '(' | '['): boolean {
    return this.startsOf(bracket).length > 0
  }

  /** Multiplies what came since the last opening bracket, which must be open. */
  close(bracket: '(' | '[', factor: number): void {
    this.multiply(this.startsOf(bracket).pop() ?? this.pieces.length, factor)
  }

  append(text: string): void {
    this.pieces.push({ text, weight: 1 })
  }

  appendText(text: string): void {
    text.split(breakWord).forEach((part, index) => {
      if (index > 0) this.pieces.push({ ...breakMark })
      this.append(part)
    })
  }

  /** Brackets that never closed reach to the end. */
  finish(): void {
    this.multiplyOpen(this.roundStarts, roundFactor)
    this.multiplyOpen(this.squareStarts, squareFactor)
  }

  private startsOf(bracket: '(' | '['): number[] {
    return bracket === '(' ? this.roundStarts : this.squareStarts
  }

  private multiply(start: number, factor: number): void {
    for (let i = start; i < this.pieces.length; i += 1) this.pieces[i]!.weight *= factor
  }

  /**
   * Multiplies each piece as often as brackets opened before it, one factor after the other as the original does, for
   * each product is rounded; products are made once, or thousands of open brackets would take minutes.
   */
  private multiplyOpen(starts: readonly number[], factor: number): void {
    const products = new Map<number, number[]>()
    let open = 0
    for (let i = starts[0] ?? this.pieces.length; i < this.pieces.length; i += 1) {
      while (open < starts.length && starts[open]! <= i) open += 1
      const piece = this.pieces[i]!
      const made = products.get(piece.weight) ?? [piece.weight]
      products.set(piece.weight, made)
      while (made.length <= open) made.push(made.at(-1)! * factor)
      piece.weight = made[open]!
    }
  }
}

function applyToken(state: EmphasisState, token: EmphasisToken): void {
  if (token.kind === 'text' && token.escaped) state.append(token.text)
  // The number is read only where a bracket waits for it, so that "1.2.3)" alone stays text.
  else if (token.kind === 'weight' && state.isOpen('(')) state.close('(', parseWeight(token.number))
  else if (token.text === '(' || token.text === '[') state.open(token.text)
  else if (token.text === ')' && state.isOpen('(')) state.close('(', roundFactor)
  else if (token.text === ']' && state.isOpen('[')) state.close('[', squareFactor)
  else state.appendText(token.text)
}

/** Joins neighbours of equal weight. */
function joinEqualWeights(pieces: readonly WeightedText[]): WeightedText[] {
  const joined: { text: string; weight: number }[] = []
  for (const { text, weight } of pieces) {
    const last = joined.at(-1)
    if (last?.weight === weight) last.text += text
    else joined.push({ text, weight })
  }
  return joined
}

/**
 * Parses A1111's emphasis: `(text)` × 1.1, `[text]` ÷ 1.1, `(text:1.5)`, backslash escapes, BREAK. Returns at least
 * one piece.
 * @throws PromptError for a weight that is no number, as `(a:1.2.3)`
 */
export function parseEmphasis(prompt: string, mode: EmphasisMode = 'Original'): WeightedText[] {
  if (mode === 'None') return [{ text: prompt, weight: 1 }]
  const state = new EmphasisState()
  for (const token of scanEmphasis(prompt)) applyToken(state, token)
  state.finish()
  return state.pieces.length === 0 ? [{ text: '', weight: 1 }] : joinEqualWeights(state.pieces)
}
