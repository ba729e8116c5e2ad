import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { isAtelierError, toStateName, type StoreUse } from '@atelier/ledger'
import { JobState, Surface, type Job, type JobRecord } from '@atelier/proto'
import type { GatewayEnv } from './deps.ts'
import type { JobObserver } from './dispatch/job-observer.ts'
import { ENDED_STATES, OPEN_STATES } from './dispatch/job-states.ts'

/** The gateway's metrics; one registry a process. Their meaning for operators: docs/operations.md. */
export interface GatewayMetrics {
  readonly registry: Registry
  /** Times every request by surface, method, route pattern and status. */
  readonly timeRequests: MiddlewareHandler<GatewayEnv>
  /** Counts what the dispatcher does. */
  readonly observer: JobObserver
}

/** What is counted when it is asked for. */
export interface GatewayCounts {
  readonly openRecords: () => readonly JobRecord[]
  readonly openSockets: () => number
  readonly storeUses: () => readonly StoreUse[]
  readonly now: () => number
}

/** The surfaces as labels. */
const SURFACES = ['sdapi', 'comfy'] as const
/** How submissions usually go; whatever else a ledger may refuse them with is counted as it comes. */
const OUTCOMES = ['created', 'attached', 'queue-full', 'tenant-queue-full', 'unavailable'] as const
/** Seconds, from a fast answer to the longest job. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

/** Creates the metrics; open jobs and sockets are counted when they are scraped. */
export function createGatewayMetrics(counts: GatewayCounts): GatewayMetrics {
  const registry = new Registry()
  registry.setDefaultLabels({ program: 'gateway' })
  collectDefaultMetrics({ register: registry })
  addQueueGauges(registry, counts)
  new Gauge({
    name: 'atelier_websockets_open',
    help: 'ComfyUI websockets connected to this gateway',
    registers: [registry],
    collect() {
      this.set(counts.openSockets())
    },
  })
  addStoreGauges(registry, counts)
  return { registry, timeRequests: createRequestTimer(registry), observer: createObserver(registry) }
}

function addStoreGauges(registry: Registry, { storeUses }: GatewayCounts): void {
  new Gauge({
    name: 'atelier_store_used_bytes',
    help: 'What a bounded place for jobs and pictures holds',
    labelNames: ['store'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, usedBytes } of storeUses()) this.set({ store: name }, usedBytes)
    },
  })
  new Gauge({
    name: 'atelier_store_full_at_bytes',
    help: 'From here on submissions are answered 503',
    labelNames: ['store'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, fullAtBytes } of storeUses()) this.set({ store: name }, fullAtBytes)
    },
  })
}

/** The lane a job waits in: the checkpoint that decides which workers are asked first. */
function laneOf(job: Job | undefined): string {
  return job?.models[0]?.name ?? 'none'
}

function addQueueGauges(registry: Registry, { openRecords, now }: GatewayCounts): void {
  const registers = [registry]
  new Gauge({
    name: 'atelier_jobs_open',
    help: 'Jobs that have not ended, by state',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of summarise(openRecords()).states) this.set({ state }, count)
    },
  })
  new Gauge({
    name: 'atelier_queue_depth',
    help: 'Jobs that wait, by lane (the checkpoint that routes them)',
    labelNames: ['lane'],
    registers,
    collect() {
      this.reset()
      for (const [lane, { depth }] of summarise(openRecords()).lanes) this.set({ lane }, depth)
    },
  })
  new Gauge({
    name: 'atelier_queue_oldest_seconds',
    help: 'Age of the job that waits longest, by lane (the checkpoint that routes it)',
    labelNames: ['lane'],
    registers,
    collect() {
      this.reset()
      for (const [lane, { oldestMs }] of summarise(openRecords()).lanes)
        this.set({ lane }, Math.max(0, now() - oldestMs) / 1000)
    },
  })
}

function summarise(records: readonly JobRecord[]) {
  const states = new Map(OPEN_STATES.map((state) => [toStateName(state), 0]))
  const lanes = new Map<string, { depth: number; oldestMs: number }>()
  for (const { state, job } of records) {
    const name = toStateName(state)
    states.set(name, (states.get(name) ?? 0) + 1)
    if (state !== JobState.JOB_STATE_QUEUED) continue
    const lane = lanes.get(laneOf(job)) ?? { depth: 0, oldestMs: Infinity }
    lane.depth += 1
    lane.oldestMs = Math.min(lane.oldestMs, job?.submittedAtMs ?? Infinity)
    lanes.set(laneOf(job), lane)
  }
  return { states, lanes }
}

function createRequestTimer(registry: Registry): MiddlewareHandler<GatewayEnv> {
  const latency = new Histogram({
    name: 'atelier_gateway_request_seconds',
    help: 'Time to answer a request',
    labelNames: ['surface', 'method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  })
  return async function timeRequest(c, next) {
    const end = latency.startTimer()
    await next()
    end({
      surface: c.get('surface'),
      method: c.req.method,
      route: routePath(c),
      status: String(c.res.status),
    })
  }
}

function toSurfaceName(job: Job | undefined): string {
  return job?.surface === Surface.SURFACE_COMFY ? 'comfy' : 'sdapi'
}

function createObserver(registry: Registry): JobObserver {
  const { submissions, ends, waits, runs } = createJobMetrics(registry)
  // There from the start: of a counter that appears with its first event, Prometheus sees no increase.
  for (const surface of SURFACES) {
    for (const outcome of OUTCOMES) submissions.inc({ surface, outcome }, 0)
    for (const state of ENDED_STATES) ends.inc({ surface, state: toStateName(state) }, 0)
  }
  return {
    submitted: (job, outcome) => submissions.inc({ surface: toSurfaceName(job), outcome }),
    refused: (job, error) =>
      submissions.inc({
        surface: toSurfaceName(job),
        outcome: isAtelierError(error) ? error.code : 'internal',
      }),
    ended({ job, state, startedAtMs, endedAtMs }) {
      const surface = toSurfaceName(job)
      ends.inc({ surface, state: toStateName(state) })
      if (startedAtMs === 0) return
      waits.observe({ surface }, Math.max(0, startedAtMs - (job?.submittedAtMs ?? startedAtMs)) / 1000)
      runs.observe({ surface }, Math.max(0, endedAtMs - startedAtMs) / 1000)
    },
  }
}

function createJobMetrics(registry: Registry) {
  const registers = [registry]
  const submissions = new Counter({
    name: 'atelier_job_submissions_total',
    help: 'Jobs handed to the ledger by this gateway: created, attached to an earlier one, or the code of the refusal',
    labelNames: ['surface', 'outcome'],
    registers,
  })
  const ends = new Counter({
    name: 'atelier_jobs_ended_total',
    help: 'Jobs that ended, by state; every gateway sees all of them',
    labelNames: ['surface', 'state'],
    registers,
  })
  const waits = new Histogram({
    name: 'atelier_job_wait_seconds',
    help: 'From admission to the start of the execution that ended the job',
    labelNames: ['surface'],
    buckets: SECONDS,
    registers,
  })
  const runs = new Histogram({
    name: 'atelier_job_run_seconds',
    help: 'From the start of the execution that ended the job to its end',
    labelNames: ['surface'],
    buckets: SECONDS,
    registers,
  })
  return { submissions, ends, waits, runs }
}
