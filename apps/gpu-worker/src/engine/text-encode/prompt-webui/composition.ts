import { pythonSpaces } from '../clean-text/python-text.ts'

/** One side of an `AND` and its weight; negative weights push away. */
export interface PromptPart {
  readonly text: string
  readonly weight: number
}

const andWord = /(?<![\p{L}\p{N}_])AND(?![\p{L}\p{N}_])/u
const weightNumber = new RegExp(`^[${pythonSpaces}]*([-+]?(?:\\d+\\.?|\\d*\\.\\d+))$`)
const trailingSpaces = new RegExp(`(?<![${pythonSpaces}])[${pythonSpaces}]+$`)

function toPart(text: string): PromptPart {
  const trimmed = text.replace(trailingSpaces, '')
  const colon = trimmed.lastIndexOf(':')
  const number = colon < 0 ? null : weightNumber.exec(trimmed.slice(colon + 1))
  if (number === null) return { text: trimmed, weight: 1 }
  return { text: trimmed.slice(0, colon).replace(trailingSpaces, ''), weight: Number(number[1]) }
}

/** Splits a positive prompt at the word AND; each part may end in `: weight`. At least one part. */
export function splitComposition(prompt: string): PromptPart[] {
  return prompt.split(andWord).map(toPart)
}
