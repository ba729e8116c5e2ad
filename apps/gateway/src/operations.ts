import { createServer, type Server } from 'node:http'
import type { Registry } from 'prom-client'

/** What the operations port answers from. */
export interface OperationsOptions {
  readonly host: string
  readonly port: number
  readonly registry: Registry
  /** Whether this process may take traffic now. */
  readonly isReady: () => boolean
}

/** Serves Prometheus metrics, liveness (`/healthz`: the process answers) and readiness (`/readyz`) on their own port. */
export function serveOperations({ host, port, registry, isReady }: OperationsOptions): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/metrics') {
      void registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      )
      return
    }
    if (request.url === '/healthz') return void response.writeHead(200).end('ok\n')
    if (request.url === '/readyz') {
      const ready = isReady()
      return void response.writeHead(ready ? 200 : 503).end(ready ? 'ready\n' : 'not ready\n')
    }
    response.writeHead(404).end()
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
