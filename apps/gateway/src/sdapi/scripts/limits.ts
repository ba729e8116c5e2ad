import { pythonException } from '../errors.ts'
import type { ScriptContext } from './script.ts'

/** Most generations of one script, and most images they make together. */
const MAX_PARTS = 256

/** @throws ApiError where a script would make more than one request may */
export function refuseTooManyParts(parts: number, images: number): void {
  if (parts > MAX_PARTS)
    throw pythonException('ValueError', `a script may run at most ${MAX_PARTS} generations, got ${parts}`)
  if (images > MAX_PARTS)
    throw pythonException('ValueError', `a script may make at most ${MAX_PARTS} images, got ${images}`)
}

/**
 * The size of the picture a script works on.
 * @throws ApiError where the request has none
 */
export function requireSource({ source }: ScriptContext): { width: number; height: number } {
  if (source === undefined) throw pythonException('IndexError', 'list index out of range')
  return source
}
