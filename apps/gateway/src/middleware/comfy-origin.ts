import type { MiddlewareHandler } from 'hono'
import type { GatewayEnv } from '../deps.ts'
import { isAllowedOrigin, type CorsOptions } from './cors-webui.ts'

/**
 * ComfyUI's defence of loopback servers: a page of another origin is refused (403, empty body), whatever it asks.
 * Where origins are allowed by setting, it answers as ComfyUI does with --enable-cors-header instead.
 */
export function comfyOrigin(options: CorsOptions): MiddlewareHandler<GatewayEnv> {
  const isOpen = options.origins.length > 0 || options.originPattern !== undefined
  return async function checkOriginAsComfy(c, next) {
    const origin = c.req.header('origin')
    if (!isOpen && isForeignToLoopback(c.req.header('host'), origin)) return c.body(null, 403)
    if (c.req.method === 'OPTIONS') {
      const answer = c.body(null, 200)
      if (isOpen) allow(answer.headers, origin, options)
      return answer
    }
    await next()
    if (isOpen) allow(c.res.headers, origin, options)
  }
}

/** Whether a request with these headers comes from a foreign page to a loopback address. */
export function isForeignToLoopback(host: string | undefined, origin: string | undefined): boolean {
  if (host === undefined || origin === undefined) return false
  const own = parseAuthority(`http://${host}`)
  if (own === undefined || !isLoopback(own.hostname)) return false
  const other = parseAuthority(origin)
  if (other === undefined) return true
  if (own.port === '' || other.port === '') return own.hostname !== other.hostname
  return own.hostname !== other.hostname || own.port !== other.port
}

function parseAuthority(text: string): { hostname: string; port: string } | undefined {
  // URL drops default ports, which must stay distinguishable from absent ones.
  const match = /^[a-z][a-z0-9+.-]*:\/\/(\[[0-9a-f:.]+\]|[^/:]+)(?::(\d+))?/i.exec(text)
  return match === null ? undefined : { hostname: match[1]!.toLowerCase(), port: match[2] ?? '' }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

function allow(headers: Headers, origin: string | undefined, options: CorsOptions): void {
  if (origin !== undefined && !isAllowedOrigin(origin, options)) return
  headers.set(
    'access-control-allow-origin',
    options.origins.includes('*') ? '*' : (origin ?? options.origins.join(',')),
  )
  headers.set('access-control-allow-methods', 'POST, GET, DELETE, PUT, OPTIONS')
  headers.set('access-control-allow-headers', 'Content-Type, Authorization')
  headers.set('access-control-allow-credentials', 'true')
}
