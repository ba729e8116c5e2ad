import {
  formatExactJson,
  isExactObject,
  parseExactJson,
  toExact,
  toPlain,
  type ExactObject,
} from '@atelier/catalog/exact-json'
import { listEcho, type Echo } from '../answer/surface-note.ts'
import type { AnswerNote, ScriptPlan } from './script.ts'

/** What travels with a script's job, so that whoever answers tells of the job that ran. */
export interface ScriptNote {
  readonly info: ExactObject
  readonly told: ExactObject
  readonly names: readonly string[]
  readonly answer: AnswerNote
}

/** Writes the note of a plan and its request. */
export function writeScriptNote({ info, told = new Map(), names, answer }: ScriptPlan, echo: Echo): string {
  return formatExactJson(
    new Map([
      ['info', info],
      ['told', told],
      ['names', [...names]],
      ['answer', toExact(answer as never)],
      ...listEcho(echo),
    ]),
  )
}

/**
 * Reads a note.
 * @throws RangeError for a text that is none
 */
export function parseScriptNote(text: string): ScriptNote {
  const note = parseExactJson(text)
  const info = isExactObject(note) ? note.get('info') : undefined
  if (!isExactObject(note) || info === undefined || !isExactObject(info))
    throw new RangeError('the job carries no note of a script')
  const plain = toPlain(note) as Omit<ScriptNote, 'info' | 'told'>
  const told = note.get('told')
  return {
    ...{ info, names: plain.names, answer: plain.answer },
    told: told !== undefined && isExactObject(told) ? told : new Map(),
  }
}
