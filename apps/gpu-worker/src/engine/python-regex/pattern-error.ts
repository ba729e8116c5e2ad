import { EngineError } from '../engine-error.ts'

/** Text that is no pattern in Python either: its `re.error`. */
export class PatternError extends EngineError {
  constructor(why: string) {
    super('node-failed', why, { exceptionType: 're.error' })
  }
}

/** Says why a text is no pattern. */
export function noPattern(why: string): PatternError {
  return new PatternError(why)
}

/** A pattern of Python that cannot be said in JavaScript. */
export function untold(what: string): EngineError {
  return new EngineError('node-failed', `regular expressions with ${what} are not supported`, {
    exceptionType: 'NotImplementedError',
  })
}
