import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import type { GatewayEnv } from '../deps.ts'

/** Smallest body that A1111 compresses, bytes. */
const GZIP_MINIMUM_BYTES = 1000
/** Pictures do not get smaller; level 1 takes a third of the time of A1111's 9 at nearly the same size. */
const GZIP_LEVEL = 1

const gzipAsync = promisify(gzip)

/** Adds A1111's X-Process-Time header (seconds, four decimals) to every answer but unexpected failures. */
export function processTime(): MiddlewareHandler<GatewayEnv> {
  return async function addProcessTime(c, next) {
    const start = performance.now()
    await next()
    const seconds = (performance.now() - start) / 1000
    if (c.res.status !== 500 || c.error === undefined)
      c.header('x-process-time', String(Number(seconds.toFixed(4))))
  }
}

/** Compresses bodies of 1000 bytes or more for clients that accept gzip, as A1111's GZipMiddleware does. */
export function gzipLargeBodies(): MiddlewareHandler<GatewayEnv> {
  return async function gzipLargeBody(c, next) {
    await next()
    const accepts = (c.req.header('accept-encoding') ?? '').includes('gzip')
    if (!accepts || c.req.method === 'HEAD' || c.res.headers.has('content-encoding') || c.res.body === null)
      return
    const type = c.res.headers.get('content-type') ?? ''
    // A stream of events has no end to wait for.
    const isText = type.startsWith('text/') && !type.startsWith('text/event-stream')
    if (!type.startsWith('application/json') && !isText) return
    const body = Buffer.from(await c.res.arrayBuffer())
    const isLarge = body.byteLength >= GZIP_MINIMUM_BYTES
    const headers = new Headers(c.res.headers)
    if (isLarge) {
      headers.set('content-encoding', 'gzip')
      headers.append('vary', 'Accept-Encoding')
    }
    headers.delete('content-length')
    const bytes = isLarge ? await gzipAsync(body, { level: GZIP_LEVEL }) : body
    const answer = new Response(bytes, { status: c.res.status, headers })
    c.res = undefined
    c.res = answer
  }
}
