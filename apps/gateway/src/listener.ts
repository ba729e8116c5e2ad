import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { createApp, type PortSurface } from './app.ts'
import type { ComfySocketHub } from './comfy/socket/socket-hub.ts'
import type { GatewayDeps, GatewayEnv } from './deps.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { Authenticator } from './middleware/authenticate.ts'
import { parseCorsOptions } from './middleware/cors-webui.ts'
import { attachSockets } from './sockets.ts'

/** How long sockets may take to say goodbye after the port was closed, milliseconds; no longer than requests may. */
const SOCKET_GRACE_MS = 10_000

/** A port that answers: requests in one surface's manner, and websockets. */
export interface Listener {
  readonly surface: PortSurface
  readonly port: number
  /** Websockets that are open. */
  countSockets(): number
  /** Takes no more connections, closes sockets, and lets open requests end for as long as the settings say. */
  close(): Promise<void>
}

/** What a port answers with. */
export interface ListenOptions {
  readonly deps: GatewayDeps
  readonly surface: PortSurface
  readonly port: number
  readonly authenticate: Authenticator
  readonly timeRequests: GatewayMetrics['timeRequests']
  readonly hub: Pick<ComfySocketHub, 'handleConnection'>
  /** How long sockets may go on after `close`, milliseconds; tests shorten it. */
  readonly socketGraceMs?: number
}

/**
 * Opens a port.
 * @throws Error with the system's code (EADDRINUSE, EACCES) when it cannot be bound
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { deps, surface, port, authenticate, timeRequests, hub, socketGraceMs = SOCKET_GRACE_MS } = options
  const { config } = deps
  const app = createApp({ deps, surface, authenticate, timeRequests })
  const server = await bind(app, config.ATELIER_HOST, port)
  const sockets = attachSockets(server, {
    authenticate,
    cors: parseCorsOptions(config.ATELIER_CORS_ALLOW_ORIGINS, config.ATELIER_CORS_ALLOW_ORIGINS_REGEX),
    findOutage: deps.findOutage,
    onConnection: (socket, accepted) => hub.handleConnection(socket, accepted),
  })
  const lastAnswers = endConnectionsWithAnswers(server)
  const drainMs = config.ATELIER_DRAIN_SECONDS * 1000
  return {
    surface,
    port: (server.address() as AddressInfo).port,
    countSockets: () => sockets.clients.size,
    close: () =>
      new Promise((resolve) => {
        // 1012: the service restarts; clients connect again.
        for (const socket of sockets.clients) socket.close(1012)
        lastAnswers.begin()
        const timers = [
          // A websocket is no connection of the server's any more.
          setTimeout(
            () => sockets.clients.forEach((socket) => socket.terminate()),
            Math.min(socketGraceMs, drainMs),
          ),
          setTimeout(() => server.closeAllConnections(), drainMs),
        ]
        server.close(() => {
          timers.forEach(clearTimeout)
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}

/**
 * From `begin` on every answer says that it is the last of its connection and ends it: a proxy would otherwise go on sending
 * requests over connections that it holds, and none of them would ever be idle for long.
 */
function endConnectionsWithAnswers(server: Server): { begin(): void } {
  const open = new Set<ServerResponse>()
  const state = { isClosing: false }
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.shouldKeepAlive &&= !state.isClosing
    open.add(response)
    response.once('close', () => open.delete(response))
  })
  return {
    begin() {
      state.isClosing = true
      for (const response of open) response.shouldKeepAlive = false
    },
  }
}

function bind(app: Hono<GatewayEnv>, hostname: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    // The adapter puts its own Request and Response in the place of the global ones: answers of text and bytes then need
    // no web stream, which would cost a tenth of the time of a submission.
    const server = serve({ fetch: app.fetch, hostname, port }, () => resolve(server)) as Server
    server.once('error', reject)
    // A picture may take longer than Node's default of five minutes to come; reading a request may not.
    server.requestTimeout = 120_000
    server.timeout = 0
    server.keepAliveTimeout = 65_000
  })
}
