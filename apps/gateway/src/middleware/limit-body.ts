import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { GatewayEnv } from '../deps.ts'

/** What may come, and what is answered to more. */
export interface BodyLimitOptions {
  /** Bytes. */
  readonly maxSize: number
  readonly onError: (c: Context<GatewayEnv>) => Response | Promise<Response>
}

/**
 * Refuses bodies above a size. Where the request says its length, which Node's parser holds it to, the header decides:
 * to touch the body would make a web stream of it, which costs more than all other middleware together. A body of
 * unknown length is counted as it comes.
 */
export function limitBody({ maxSize, onError }: BodyLimitOptions): MiddlewareHandler<GatewayEnv> {
  const countBody = bodyLimit({ maxSize, onError })
  return async function limitBodySize(c, next) {
    if (c.req.header('transfer-encoding') !== undefined) return countBody(c, next)
    const length = Number(c.req.header('content-length') ?? 0)
    return length > maxSize ? onError(c) : next()
  }
}
