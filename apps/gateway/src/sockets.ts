import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { isForeignToLoopback } from './middleware/comfy-origin.ts'
import { isAllowedOrigin, type CorsOptions } from './middleware/cors-webui.ts'
import type { Authenticator } from './middleware/authenticate.ts'
import { RETRY_AFTER } from './refusals.ts'

/** Largest frame a client may send, bytes: clients send feature flags and nothing else. */
const MAX_CLIENT_FRAME_BYTES = 1024 * 1024

/** A websocket that has been let in. */
export interface AcceptedSocket {
  readonly tenant: string
  /** The clientId the client asked for; empty when it gave none. */
  readonly clientId: string
}

/** What deciding about an upgrade needs. */
export interface SocketOptions {
  readonly authenticate: Authenticator
  readonly cors: CorsOptions
  /** Why nobody can be let in yet; absent: everybody can. */
  readonly findOutage?: (() => string | undefined) | undefined
  readonly onConnection: (socket: WebSocket, accepted: AcceptedSocket) => void
}

/** Serves ComfyUI's `/ws` and `/api/ws` on an HTTP server: same origin, same keys as the routes. */
export function attachSockets(server: Server, options: SocketOptions): WebSocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
    perMessageDeflate: true,
  })
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => stream.destroy())
    const verdict = judgeUpgrade(request, options)
    if (typeof verdict === 'string') return refuse(stream, verdict)
    sockets.handleUpgrade(request, stream, head, (socket) => options.onConnection(socket, verdict))
  })
  return sockets
}

function judgeUpgrade(request: IncomingMessage, options: SocketOptions): AcceptedSocket | string {
  const url = parseTarget(request.url ?? '/')
  if (url === undefined) return '400 Bad Request'
  if (url.pathname !== '/ws' && url.pathname !== '/api/ws') return '404 Not Found'
  const { host, origin } = request.headers
  const isForeign = isForeignToLoopback(host, origin) && !isAllowedOrigin(origin ?? '', options.cors)
  if (isForeign) return '403 Forbidden'
  const identity = options.authenticate({
    authorization: request.headers.authorization,
    apiKey: request.headers['x-api-key']?.toString(),
    token: url.searchParams.get('token') ?? undefined,
  })
  if ('refusal' in identity) return '401 Unauthorized'
  if (options.findOutage?.() !== undefined) return '503 Service Unavailable'
  return { tenant: identity.tenant, clientId: url.searchParams.get('clientId') ?? '' }
}

/** What a request asks for; undefined when that is no address, such as `//`. */
function parseTarget(target: string): URL | undefined {
  try {
    return new URL(target, 'http://localhost')
  } catch {
    return undefined
  }
}

function refuse(stream: Duplex, status: string): void {
  // A client that leaves its end open would hold the connection for ever.
  stream.once('finish', () => stream.destroy())
  const lines = [`HTTP/1.1 ${status}`, 'connection: close', 'content-length: 0']
  if (status.startsWith('503')) lines.push(`retry-after: ${RETRY_AFTER}`)
  stream.end(`${lines.join('\r\n')}\r\n\r\n`)
}
