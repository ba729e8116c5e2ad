import type { Context, Hono } from 'hono'
import type { GatewayEnv } from '../deps.ts'
import { cacheControlOf } from './cache-control.ts'

/** What answers a route of this surface. */
export type ComfyHandler = (c: Context<GatewayEnv>) => Response | Promise<Response>
/** Methods of this surface; HEAD comes with GET. */
export type ComfyMethod = 'GET' | 'POST' | 'DELETE' | 'PATCH'
/** Adds a route. */
export type AddRoute = (method: ComfyMethod, path: string, handler: ComfyHandler) => void

/** Adds routes as ComfyUI does: each bare and below `/api`, with its Cache-Control. */
export function createRouteAdder(app: Hono<GatewayEnv>): AddRoute {
  return (method, path, handler) => {
    for (const prefix of ['', '/api']) app.on(method, prefix + path, withCacheControl(handler))
  }
}

/** Adds routes that have no twin below `/api`. */
export function createBareRouteAdder(app: Hono<GatewayEnv>): AddRoute {
  return (method, path, handler) => {
    app.on(method, path, withCacheControl(handler))
  }
}

function withCacheControl(handler: ComfyHandler): ComfyHandler {
  return async (c) => {
    const answer = await handler(c)
    const cacheControl = cacheControlOf(c.req.path, answer.status)
    if (cacheControl !== undefined && !answer.headers.has('cache-control'))
      answer.headers.set('cache-control', cacheControl)
    return answer
  }
}
