import type { ExactValue } from '@atelier/catalog/exact-json'
import type { RunEvent, ToldEvent } from '@atelier/proto'
import { formatParameter, type InfotextValue } from '../infotext/create-infotext.ts'

/** One of the parameters that a job adds to the fixed ones of its infotext. */
export interface Parameter {
  readonly key: string
  /** As `info` has it; null leaves it out of the infotext. */
  readonly value: ExactValue
  /** As the infotext has it, where that differs from `value`. */
  readonly text?: string
  /** As the infotext of each image has it, where they differ; before `text`. */
  readonly texts?: readonly (string | null)[]
  /** Told only where the run comes upon this; absent: always. */
  readonly event?: RunEvent
}

/** The parts of infotexts that tell of events, in their order; parameters of one event stand next to each other. */
export function listToldEvents(parameters: readonly Parameter[]): ToldEvent[] {
  const texts = new Map<RunEvent, string>()
  for (const { key, value, text, event } of parameters) {
    if (event === undefined || value === null) continue
    const told = formatParameter(key, (text ?? value) as NonNullable<InfotextValue>)
    texts.set(event, `${texts.get(event) ?? ''}, ${told}`)
  }
  return [...texts].map(([event, text]) => ({ event, text }))
}

/** A parameter, or nothing where its value is one that says nothing. */
export function parameterUnless(key: string, value: ExactValue, silent: ExactValue): Parameter[] {
  const isSilent =
    typeof silent === 'number' || typeof silent === 'bigint'
      ? Number(value) === Number(silent)
      : value === silent
  return value === null || isSilent ? [] : [{ key, value }]
}
