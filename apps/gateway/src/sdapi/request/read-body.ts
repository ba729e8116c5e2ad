import type { Context } from 'hono'
import { parseExactJson, type ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayEnv } from '../../deps.ts'
import { ApiError, ValidationError } from '../errors.ts'
import { describeJsonFault } from './json-fault.ts'

/** Longest text whose faults are looked for, characters. */
const LONGEST_DESCRIBED = 1024 * 1024

/**
 * Reads a request's JSON as FastAPI does: without a content type, or with a JSON one, the text is parsed; any other
 * content type makes the body plain bytes, which no field accepts.
 * @throws ValidationError for malformed JSON, ApiError 400 for bytes that are no text, and for text nested too deep and for endless nesting and numbers
 */
export async function readBody(c: Context<GatewayEnv>): Promise<ExactValue | undefined> {
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  if (bytes.length === 0) return undefined
  // Something that no dictionary is made of.
  if (!isJsonType(c.req.header('content-type'))) return false
  const text = decode(bytes)
  try {
    return parseExactJson(text)
  } catch {
    // The fault is told with the whole text.
    const fault = text.length > LONGEST_DESCRIBED ? undefined : describeJsonFault(text)
    throw fault === undefined ? unreadable() : new ValidationError([fault])
  }
}

function isJsonType(type: string | undefined): boolean {
  if (type === undefined || type === '') return true
  const [media = ''] = type.split(';')
  return /^application\/([\w.-]+\+)?json$/.test(media.trim().toLowerCase())
}

function decode(bytes: Uint8Array): string {
  try {
    // A mark of the byte order at the beginning is left out.
    return new TextDecoder(detectEncoding(bytes), { fatal: true }).decode(bytes)
  } catch {
    throw unreadable()
  }
}

function unreadable(): ApiError {
  return new ApiError({ kind: 'plain', status: 400, detail: 'There was an error parsing the body' })
}

/** The encoding by the first bytes, as Python's json module tells it. */
function detectEncoding(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first = 1, second = 1] = bytes
  if (first === 0xfe && second === 0xff) return 'utf-16be'
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  // Pairs of bytes are looked for in two bytes, and in four or more.
  if (bytes.length % 2 === 1 && bytes.length < 4) return 'utf-8'
  if (first === 0) return 'utf-16be'
  return second === 0 ? 'utf-16le' : 'utf-8'
}
