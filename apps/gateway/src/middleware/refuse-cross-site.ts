import type { MiddlewareHandler } from 'hono'
import type { GatewayEnv } from '../deps.ts'
import { isAllowedOrigin, type CorsOptions } from './cors-webui.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses what a foreign web page makes a browser send (cross-site request forgery): browsers mark it, programs do
 * not. A deliberate difference from A1111, which runs such requests; allowed origins pass.
 */
export function refuseCrossSite(options: CorsOptions): MiddlewareHandler<GatewayEnv> {
  return async function refuseCrossSiteWrites(c, next) {
    const isCrossSite = c.req.header('sec-fetch-site') === 'cross-site'
    const origin = c.req.header('origin')
    const isAllowed = origin !== undefined && isAllowedOrigin(origin, options)
    if (isCrossSite && !isAllowed && !SAFE_METHODS.has(c.req.method)) {
      return c.json({ detail: 'Cross-site requests need an allowed origin (--cors-allow-origins)' }, 403)
    }
    return next()
  }
}
