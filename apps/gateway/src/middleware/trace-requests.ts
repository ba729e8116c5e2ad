import { inSpan, withTraceparent } from '@atelier/telemetry'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { GatewayEnv } from '../deps.ts'

/**
 * Puts every request into a span, inside the caller's trace where it names one (W3C `traceparent`). The span is named
 * by the route's pattern, which is known when the request has been routed.
 */
export function traceRequests(): MiddlewareHandler<GatewayEnv> {
  return function traceRequest(c, next) {
    const attributes = { 'http.request.method': c.req.method, 'atelier.surface': c.get('surface') }
    return withTraceparent(c.req.header('traceparent'), () =>
      inSpan(c.req.method, attributes, async (span) => {
        await next()
        if (!span.isRecording()) return
        span.updateName(`${c.req.method} ${routePath(c)}`)
        span.setAttributes({ 'http.route': routePath(c), 'http.response.status_code': c.res.status })
      }),
    )
  }
}
