import { jobEventSchemas } from '@atelier/catalog/atelier-api'
import { Job, JobState, Surface } from '@atelier/proto'
import { Hono } from 'hono'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { openTestGateway, type TestGateway } from '../sdapi/test-kit/test-gateway.ts'
import { createEventRoutes, EVENTS_PATH, type EventTimes } from './event-routes.ts'

const QUICK: EventTimes = { heartbeatMs: 20, gapMs: 1, lifeMs: 60_000 }

describe('events', () => {
  let gateway: TestGateway
  beforeEach(async () => {
    gateway = await openTestGateway()
    await gateway.worker.close()
  })
  afterEach(() => gateway.close())

  const listen = async (tenant: string, change: Partial<GatewayDeps> = {}, times = QUICK) => {
    const app = new Hono<GatewayEnv>()
    app.use(async (c, next) => {
      c.set('tenant', tenant)
      await next()
    })
    app.route('/', createEventRoutes({ ...gateway.deps, ...change }, times))
    const answer = await app.request(EVENTS_PATH)
    expect(answer.headers.get('content-type')).toContain('text/event-stream')
    return openReader(answer)
  }
  const submit = (tenant: string, id: string) =>
    gateway.deps.dispatcher.submit(
      Job.fromPartial({ id, tenant, surface: Surface.SURFACE_SDAPI, publicId: id, requestDigest: id }),
    )

  it('tell the open jobs first, then what becomes of them, in shapes that are described', async () => {
    await submit('a', 'first')
    const reader = await listen('a')
    expect(await reader.next()).toMatchObject({ event: 'jobs', data: { jobs: [{ id: 'first' }] } })
    await submit('a', 'second')
    expect(await reader.next()).toMatchObject({ event: 'job', data: { id: 'second', state: 'queued' } })
    await gateway.deps.dispatcher.cancel('a', 'first')
    expect(await reader.next()).toMatchObject({ event: 'job', data: { id: 'first', state: 'cancelled' } })
    await reader.close()
  })

  it('tell how a running job gets on', async () => {
    await submit('a', 'job')
    const record = { ...(await gateway.store.jobs.read('a', 'job'))!, state: JobState.JOB_STATE_RUNNING }
    let tell: Parameters<GatewayDeps['dispatcher']['subscribe']>[1] = () => undefined
    const progress = { record, passCount: 2, passIndex: 1, step: 5, totalSteps: 10 }
    const dispatcher = {
      ...gateway.deps.dispatcher,
      subscribe: (_filter: unknown, listener: typeof tell) => {
        tell = listener
        return () => undefined
      },
      progress: () => progress,
    }
    const reader = await listen('a', { dispatcher, now: () => record.startedAtMs + 3_000 })
    await reader.next()
    tell({
      kind: 'event',
      record,
      event: { jobId: 'job', epoch: 1, sequence: 1, timeMs: 0, event: undefined },
    })
    const told = {
      step: 5,
      total_steps: 10,
      pass: 1,
      pass_count: 2,
      share: 0.75,
      seconds_left: 1,
      preview: 0,
    }
    expect(await reader.next()).toEqual({ event: 'progress', data: { id: 'job', progress: told } })
    await reader.close()
  })

  it('tell nothing of another tenant', async () => {
    await submit('b', 'theirs')
    const reader = await listen('a')
    expect(await reader.next()).toEqual({ event: 'jobs', data: { jobs: [] } })
    await submit('b', 'more')
    await submit('a', 'own')
    expect(await reader.next()).toMatchObject({ event: 'job', data: { id: 'own' } })
    await reader.close()
  })

  it('say now and then that they are still there', async () => {
    const reader = await listen('a')
    await reader.next()
    expect(await reader.nextBlock()).toBe(': still here')
    await reader.close()
  })

  it('end with the gateway, and after their time', async () => {
    const stopping = new AbortController()
    const reader = await listen('a', { stopping: stopping.signal }, { ...QUICK, heartbeatMs: 60_000 })
    await reader.next()
    stopping.abort()
    expect(await reader.next()).toBeUndefined()
    const short = await listen('a', {}, { ...QUICK, heartbeatMs: 60_000, lifeMs: 30 })
    await short.next()
    expect(await short.next()).toBeUndefined()
  })
})

/** Reads events one by one; undefined at the end. Comments are left out. */
function openReader(answer: Response) {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  const nextBlock = async (): Promise<string | undefined> => {
    while (!rest.includes('\n\n')) {
      const { value, done } = await reader.read()
      if (done) return undefined
      rest += value
    }
    const at = rest.indexOf('\n\n')
    const block = rest.slice(0, at)
    rest = rest.slice(at + 2)
    return block
  }
  const next = async () => {
    for (;;) {
      const block = await nextBlock()
      if (block === undefined) return undefined
      const match = /^event: (\w+)\ndata: (.*)$/.exec(block)
      if (match === null) continue
      const event = match[1] as keyof typeof jobEventSchemas
      return { event, data: jobEventSchemas[event].parse(JSON.parse(match[2]!)) as unknown }
    }
  }
  return { next, nextBlock, close: () => reader.cancel() }
}
