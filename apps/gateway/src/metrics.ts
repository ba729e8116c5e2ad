import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { MiddlewareHandler } from 'hono'
import { JobState, type JobRecord } from '@atelier/proto'
import type { GatewayEnv } from './deps.ts'

/** The gateway's metrics; one registry a process. */
export interface GatewayMetrics {
  readonly registry: Registry
  /** Times every request by surface, method, route pattern and status. */
  readonly timeRequests: MiddlewareHandler<GatewayEnv>
}

/** Creates the metrics; open jobs are counted when they are scraped. */
export function createGatewayMetrics(openJobs: () => readonly JobRecord[]): GatewayMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const latency = new Histogram({
    name: 'atelier_gateway_request_seconds',
    help: 'Time to answer a request',
    labelNames: ['surface', 'method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300],
    registers: [registry],
  })
  new Gauge({
    name: 'atelier_jobs_open',
    help: 'Jobs that have not ended, by state',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset()
      const records = openJobs()
      const count = (state: JobState) => records.filter((record) => record.state === state).length
      this.set({ state: 'queued' }, count(JobState.JOB_STATE_QUEUED))
      this.set({ state: 'running' }, count(JobState.JOB_STATE_RUNNING))
      this.set({ state: 'cancelling' }, count(JobState.JOB_STATE_CANCELLING))
    },
  })
  const timeRequests: MiddlewareHandler<GatewayEnv> = async function timeRequest(c, next) {
    const end = latency.startTimer()
    await next()
    end({
      surface: c.get('surface'),
      method: c.req.method,
      route: c.req.routePath,
      status: String(c.res.status),
    })
  }
  return { registry, timeRequests }
}
