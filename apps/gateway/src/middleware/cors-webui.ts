import type { MiddlewareHandler } from 'hono'
import type { GatewayEnv } from '../deps.ts'

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']

/** Which browser origins may call. */
export interface CorsOptions {
  /** Exact origins; `*` allows all. */
  readonly origins: readonly string[]
  /** A pattern that must match the whole origin. */
  readonly originPattern?: RegExp
}

/** Reads the CORS settings: a comma-separated list and a pattern. */
export function parseCorsOptions(list: string | undefined, pattern: string | undefined): CorsOptions {
  const origins = (list ?? '').split(',').filter((origin) => origin !== '')
  return pattern === undefined ? { origins } : { origins, originPattern: new RegExp(`^(?:${pattern})$`) }
}

/** Whether pages of this origin may call. */
export function isAllowedOrigin(origin: string, { origins, originPattern }: CorsOptions): boolean {
  return origins.includes('*') || origins.includes(origin) || (originPattern?.test(origin) ?? false)
}

/** CORS as A1111 answers it (Starlette's CORSMiddleware with credentials and every method and header). */
export function corsWebui(options: CorsOptions): MiddlewareHandler<GatewayEnv> {
  return async function answerCorsAsWebui(c, next) {
    const origin = c.req.header('origin')
    if (origin === undefined) return next()
    const isAllowed = isAllowedOrigin(origin, options)
    const requestMethod = c.req.header('access-control-request-method')
    if (c.req.method === 'OPTIONS' && requestMethod !== undefined) {
      return answerPreflight(origin, isAllowed, requestMethod, c.req.header('access-control-request-headers'))
    }
    await next()
    c.header('access-control-allow-credentials', 'true')
    if (!isAllowed) return
    const answersAnyone = options.origins.includes('*') && c.req.header('cookie') === undefined
    c.header('access-control-allow-origin', answersAnyone ? '*' : origin)
    if (!answersAnyone) c.header('vary', 'Origin', { append: true })
  }
}

function answerPreflight(
  origin: string,
  isAllowed: boolean,
  method: string,
  headers: string | undefined,
): Response {
  const faults = [...(isAllowed ? [] : ['origin']), ...(METHODS.includes(method) ? [] : ['method'])]
  return new Response(faults.length === 0 ? 'OK' : `Disallowed CORS ${faults.join(', ')}`, {
    status: faults.length === 0 ? 200 : 400,
    headers: {
      vary: 'Origin',
      'access-control-allow-methods': METHODS.join(', '),
      'access-control-max-age': '600',
      'access-control-allow-credentials': 'true',
      'content-type': 'text/plain; charset=utf-8',
      ...(isAllowed ? { 'access-control-allow-origin': origin } : {}),
      ...(headers === undefined ? {} : { 'access-control-allow-headers': headers }),
    },
  })
}
