import { pythonException } from '../../errors.ts'
import type { Axis } from './axis.ts'

/**
 * Puts a value in the place of the first one in both prompts.
 * @throws ApiError where the first one is in neither
 */
export const replaceInPrompts: Axis['apply'] = (request, value, { values }) => {
  const wanted = String(values[0])
  const [prompt, negative] = [request.text('prompt') ?? '', request.text('negative_prompt') ?? '']
  if (!prompt.includes(wanted) && !negative.includes(wanted)) {
    const text = `Prompt S/R did not find ${wanted} in prompt or negative prompt.`
    throw pythonException('RuntimeError', text)
  }
  const replace = (from: string) => from.split(wanted).join(String(value))
  return request.with({ prompt: replace(prompt), negative_prompt: replace(negative) })
}

/** Puts words of the prompt, taken in the order in which they stand in it, into the order of the value. */
export const reorderPrompt: Axis['apply'] = (request, value) => {
  const words = Array.isArray(value) ? (value as readonly string[]) : [String(value)]
  let rest = request.text('prompt') ?? ''
  const standing = words
    .map((word) => ({ word, at: rest.indexOf(word) }))
    .sort((a, b) => a.at - b.at || (a.word < b.word ? -1 : 1))
  const before = standing.map(({ word }) => {
    const at = rest.indexOf(word)
    // A word that is not there cuts as Python's slices do with -1.
    const part = rest.slice(0, at)
    rest = rest.slice(at + word.length)
    return part
  })
  return request.with({ prompt: before.map((part, index) => part + (words[index] ?? '')).join('') + rest })
}
