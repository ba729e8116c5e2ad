import { toExact } from '@atelier/catalog/exact-json'
import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { GatewayEnv } from '../deps.ts'
import type { RouteTable } from '../middleware/route-table.ts'
import { RETRY_AFTER, STATUS_OF_CODE } from '../refusals.ts'
import { cacheControlOfUnknown } from './cache-control.ts'
import { RequestFault } from './request-fault.ts'
import { answerJson, answerText, toAtelierError } from './respond.ts'

/** What ComfyUI answers for a path or method it does not have: its web root stands behind every path. */
export function answerComfyUnknown(
  c: Context<GatewayEnv>,
  allowedMethods: readonly string[],
  _routes: RouteTable,
): Response {
  const { method, path } = c.req
  if (method === 'GET' || method === 'HEAD') {
    const headers = new Headers({ 'content-type': 'application/octet-stream' })
    const cacheControl = cacheControlOfUnknown(path)
    if (cacheControl !== undefined) headers.set('cache-control', cacheControl)
    return new Response(null, { status: 404, headers })
  }
  const answer = answerText('405: Method Not Allowed', 405)
  answer.headers.set('allow', [...new Set([...allowedMethods, 'GET', 'HEAD'])].sort().join(','))
  return answer
}

/** A body above the limit. */
export function answerComfyBodyTooLarge(_c: Context<GatewayEnv>, limitBytes: number): Response {
  return answerText(`Maximum request body size ${Math.round(limitBytes)} exceeded.`, 413)
}

/**
 * The answer for a fault: 500 in aiohttp's words; what is wrong with the request in the body that rejected prompts have;
 * or the same body and when to come back.
 */
export function answerComfyFault(error: unknown, logger: Logger): Response {
  if (error instanceof RequestFault)
    return answerText('500 Internal Server Error\n\nServer got itself in trouble', 500)
  const fault = toAtelierError(error)
  const status = STATUS_OF_CODE[fault.code]
  if (status === undefined) {
    logger.error({ err: error }, 'a ComfyUI route failed')
    return answerText('500 Internal Server Error\n\nServer got itself in trouble', 500)
  }
  const body = {
    error: { type: fault.code.replaceAll('-', '_'), message: fault.message, details: '', extra_info: {} },
    node_errors: {},
  }
  const answer = answerJson(toExact(body), status)
  if (fault.retryable) answer.headers.set('retry-after', RETRY_AFTER)
  return answer
}
