import { formatExactJson, toExact, type ExactValue, type PlainValue } from '@atelier/catalog/exact-json'
import { AtelierError, isAtelierError } from '@atelier/ledger'
import type { Context } from 'hono'
import type { GatewayEnv } from '../deps.ts'

/** A JSON answer as aiohttp writes it. */
export function answerJson(value: ExactValue, status = 200): Response {
  return new Response(formatExactJson(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  })
}

/** A JSON answer of plain data; whole numbers are written as integers. */
export function answerPlainJson(value: PlainValue, status = 200): Response {
  return answerJson(toExact(value), status)
}

/** An answer without a body, as ComfyUI's actions give. */
export function answerEmpty(status = 200): Response {
  return new Response(null, { status })
}

/** A plain text answer. */
export function answerText(text: string, status: number): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })
}

/** A path parameter of the route; empty when it has none. */
export function pathParameter(c: Context<GatewayEnv>, name: string): string {
  return c.req.param(name) ?? ''
}

/** The error as one of the closed set. */
export function toAtelierError(error: unknown): AtelierError {
  return isAtelierError(error) ? error : new AtelierError('internal', 'an unexpected fault', { cause: error })
}
