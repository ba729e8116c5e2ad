import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { streamSSE, type SSEStreamingApi } from 'hono/streaming'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import type { JobUpdate } from '../dispatch/job-dispatcher.ts'
import { EventMailbox } from './event-mailbox.ts'
import { listJobs } from './list-routes.ts'
import { summarizeJob, toProgressBody } from './summarize-job.ts'

/** Where the caller's jobs are told of as they fare. */
export const EVENTS_PATH = '/atelier/v1/events'

/** Times of a stream of events, milliseconds; tests shorten them. */
export interface EventTimes {
  /** Something is written at least this often, so that proxies keep the connection. */
  readonly heartbeatMs: number
  /** Pause between two deliveries: a page shows no more. */
  readonly gapMs: number
  /** Then the stream ends and its client opens another: keys are looked at again, gateways get their share. */
  readonly lifeMs: number
}

const TIMES: EventTimes = { heartbeatMs: 15_000, gapMs: 100, lifeMs: 600_000 }

/** The caller's jobs as server-sent events: `jobs` first (those open), then `job` and `progress`. */
export function createEventRoutes(deps: GatewayDeps, times: EventTimes = TIMES): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()
  routes.get(EVENTS_PATH, (c) => {
    // Proxies that gather answers before they pass them on are asked not to (nginx).
    c.header('x-accel-buffering', 'no')
    const answer = streamSSE(c, (stream) => tellJobs(stream, { deps, tenant: c.get('tenant'), times }))
    answer.headers.set('cache-control', 'no-store')
    return answer
  })
  return routes
}

interface Telling {
  readonly deps: GatewayDeps
  readonly tenant: string
  readonly times: EventTimes
}

async function tellJobs(stream: SSEStreamingApi, { deps, tenant, times }: Telling): Promise<void> {
  const mailbox = new EventMailbox()
  const left = new AbortController()
  stream.onAbort(() => left.abort())
  const ends = [left.signal, AbortSignal.timeout(times.lifeMs), ...(deps.stopping ? [deps.stopping] : [])]
  const end = AbortSignal.any(ends)
  const unsubscribe = deps.dispatcher.subscribe({ tenant, previews: true }, (update) =>
    takeUpdate(mailbox, update, deps),
  )
  try {
    await stream.writeSSE({ event: 'jobs', data: JSON.stringify(await listJobs(deps, tenant, 'open')) })
    while (!end.aborted) {
      await mailbox.whenFilled(times.heartbeatMs, end)
      const news = mailbox.take()
      for (const { name, data } of news) await stream.writeSSE({ event: name, data: JSON.stringify(data) })
      if (news.length === 0) await stream.write(': still here\n\n')
      await sleep(times.gapMs, undefined, { signal: end }).catch(() => undefined)
    }
  } finally {
    unsubscribe()
  }
}

function takeUpdate(mailbox: EventMailbox, { kind, record }: JobUpdate, deps: GatewayDeps): void {
  const { id = '', tenant = '' } = record.job ?? {}
  const known = deps.dispatcher.progress(tenant, id)
  if (kind === 'record') mailbox.putJob(summarizeJob(record, known, deps.now()))
  else mailbox.putProgress(id, toProgressBody(known, deps.now() - record.startedAtMs))
}
