import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { GatewayEnv } from '../deps.ts'

/** What may come, and what is answered to more. */
export interface BodyLimitOptions {
  /** Bytes; undefined for a request whose body nobody reads. */
  readonly maxSizeFor: (c: Context<GatewayEnv>) => number | undefined
  readonly onError: (c: Context<GatewayEnv>, limitBytes: number) => Response | Promise<Response>
}

/**
 * Refuses bodies above a size. Where the request says its length, which Node's parser holds it to, the header decides:
 * to touch the body would make a web stream of it, which costs more than all other middleware together. A body of
 * unknown length is counted as it comes.
 */
export function limitBody({ maxSizeFor, onError }: BodyLimitOptions): MiddlewareHandler<GatewayEnv> {
  return async function limitBodySize(c, next) {
    const maxSize = maxSizeFor(c)
    if (maxSize === undefined) return next()
    const refuse = () => onError(c, maxSize)
    if (c.req.header('transfer-encoding') !== undefined)
      return bodyLimit({ maxSize, onError: refuse })(c, next)
    const length = Number(c.req.header('content-length') ?? 0)
    return length > maxSize ? refuse() : next()
  }
}
