import { createServer, type Server } from 'node:http'
import type { Registry } from 'prom-client'

/** Whether a program may take work now, and why not. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string }

/** Metrics of a program, as text of Prometheus. */
export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

/** What the operations port answers from. */
export interface OperationsOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  readonly readMetrics: () => Promise<MetricsText>
  readonly readReadiness: () => Promise<Readiness>
}

/**
 * Serves on a port of its own: `/metrics` for Prometheus; `/healthz`, which answers as long as the process does and
 * depends on nothing else, so that an outage elsewhere restarts nothing; `/readyz`, 200 when the program takes work and
 * 503 with the reason when it does not.
 * @throws Error with the system's code when the port cannot be bound
 */
export function serveOperations(options: OperationsOptions): Promise<Server> {
  const server = createServer((request, response) => {
    answer(request.url ?? '/', options).then(
      ({ status, type = 'text/plain; charset=utf-8', body }) =>
        response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end('the operations port failed\n'),
    )
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => resolve(server))
  })
}

interface Answer {
  readonly status: number
  readonly type?: string
  readonly body: string
}

async function answer(url: string, { readMetrics, readReadiness }: OperationsOptions): Promise<Answer> {
  switch (url.split('?')[0]) {
    case '/metrics': {
      const { contentType, text } = await readMetrics()
      return { status: 200, type: contentType, body: text }
    }
    case '/healthz':
      return { status: 200, body: 'ok\n' }
    case '/readyz': {
      const readiness = await readReadiness()
      return readiness.ready
        ? { status: 200, body: 'ready\n' }
        : { status: 503, body: `not ready: ${readiness.reason}\n` }
    }
    default:
      return { status: 404, body: 'not found; there are /metrics, /healthz and /readyz\n' }
  }
}

/** Reads a registry's metrics. */
export async function readRegistry(registry: Registry): Promise<MetricsText> {
  return { contentType: registry.contentType, text: await registry.metrics() }
}
