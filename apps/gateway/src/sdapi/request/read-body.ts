import type { Context } from 'hono'
import { parseExactJson, type ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayEnv } from '../../deps.ts'
import { ApiError, ValidationError } from '../errors.ts'
import { describeJsonFault } from './json-fault.ts'

/**
 * Reads a request's JSON as FastAPI does: without a content type, or with a JSON one, the text is parsed; any other
 * content type makes the body plain bytes, which no field accepts.
 * @throws ValidationError for malformed JSON, ApiError 400 for text that is not UTF-8
 */
export async function readBody(c: Context<GatewayEnv>): Promise<ExactValue | undefined> {
  const bytes = new Uint8Array(await c.req.arrayBuffer())
  if (bytes.length === 0) return undefined
  if (!isJsonType(c.req.header('content-type'))) return ''
  const text = decode(bytes)
  try {
    return parseExactJson(text)
  } catch {
    throw new ValidationError([describeJsonFault(text)])
  }
}

function isJsonType(type: string | undefined): boolean {
  if (type === undefined) return true
  const [media = ''] = type.split(';')
  return /^application\/([\w.-]+\+)?json$/.test(media.trim().toLowerCase())
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new ApiError({ kind: 'plain', status: 400, detail: 'There was an error parsing the body' })
  }
}
