import type { ExactValue } from '@atelier/catalog/exact-json'

/** One of the parameters that a job adds to the fixed ones of its infotext. */
export interface Parameter {
  readonly key: string
  /** As `info` has it; null leaves it out of the infotext. */
  readonly value: ExactValue
  /** As the infotext has it, where that differs from `value`. */
  readonly text?: string
}

/** A parameter, or nothing where its value is one that says nothing. */
export function parameterUnless(key: string, value: ExactValue, silent: ExactValue): Parameter[] {
  const isSilent =
    typeof silent === 'number' || typeof silent === 'bigint'
      ? Number(value) === Number(silent)
      : value === silent
  return value === null || isSilent ? [] : [{ key, value }]
}
