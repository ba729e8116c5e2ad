import { parseExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { Context } from 'hono'
import type { GatewayEnv } from '../deps.ts'
import { RequestFault } from './request-fault.ts'

/**
 * The JSON body of a request, whatever its content type says.
 * @throws RequestFault when it is not UTF-8 or not JSON
 */
export async function readJsonBody(c: Context<GatewayEnv>): Promise<ExactValue> {
  return parseBody(new Uint8Array(await c.req.arrayBuffer()))
}

/** @throws RequestFault when the bytes are not UTF-8 or not JSON */
export function parseBody(bytes: Uint8Array): ExactValue {
  try {
    return parseExactJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    throw new RequestFault('the body is not JSON', { cause: error })
  }
}

/**
 * Asks a body for a member as Python's `"name" in body` and `body["name"]` do; undefined when it has none.
 * @throws RequestFault when the body cannot be asked (a number), or has the name without being an object
 */
export function memberOf(body: ExactValue, name: string): ExactValue | undefined {
  if (body instanceof Map) return body.get(name)
  const isAskable = typeof body === 'string' || Array.isArray(body)
  if (!isAskable || body.includes(name)) throw new RequestFault(`the body has no member ${name}`)
  return undefined
}

/** @throws RequestFault when the value is not an object */
export function requireObject(value: ExactValue, what: string): ExactObject {
  if (value instanceof Map) return value
  throw new RequestFault(`${what} is not an object`)
}
