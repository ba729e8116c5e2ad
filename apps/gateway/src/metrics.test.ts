import { AtelierError } from '@atelier/ledger'
import { Job, JobRecord, JobState, ModelKind, Surface } from '@atelier/proto'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import type { GatewayEnv } from './deps.ts'
import { createGatewayMetrics } from './metrics.ts'

const NOW = 1_000_000

function createRecord(state: JobState, checkpoint?: string, waitedMs = 0): JobRecord {
  const models = checkpoint === undefined ? [] : [{ kind: ModelKind.MODEL_KIND_CHECKPOINT, name: checkpoint }]
  const job = Job.fromPartial({
    id: 'j',
    surface: Surface.SURFACE_SDAPI,
    models,
    submittedAtMs: NOW - waitedMs,
  })
  return JobRecord.fromPartial({ job, state })
}

function open(records: readonly JobRecord[] = [], sockets = 0) {
  const uses = [{ name: 'pictures', usedBytes: 70, limitBytes: 100, fullAtBytes: 90 }]
  return createGatewayMetrics({
    openRecords: () => records,
    openSockets: () => sockets,
    storeUses: () => uses,
    now: () => NOW,
  })
}

describe('the metrics of a gateway', () => {
  it('show how full the bounded stores are, and from where on jobs are turned away', async () => {
    const text = await open().registry.metrics()
    expect(text).toContain('atelier_store_used_bytes{store="pictures",program="gateway"} 70')
    expect(text).toContain('atelier_store_full_at_bytes{store="pictures",program="gateway"} 90')
  })

  it('show depth and oldest age of each lane, and jobs by state', async () => {
    const { registry } = open([
      createRecord(JobState.JOB_STATE_QUEUED, 'a.safetensors', 4_000),
      createRecord(JobState.JOB_STATE_QUEUED, 'a.safetensors', 9_000),
      createRecord(JobState.JOB_STATE_QUEUED, undefined, 1_000),
      createRecord(JobState.JOB_STATE_RUNNING, 'b.safetensors'),
    ])
    const text = await registry.metrics()
    expect(text).toContain('atelier_queue_depth{lane="a.safetensors",program="gateway"} 2')
    expect(text).toContain('atelier_queue_oldest_seconds{lane="a.safetensors",program="gateway"} 9')
    expect(text).toContain('atelier_queue_depth{lane="none",program="gateway"} 1')
    expect(text).not.toContain('lane="b.safetensors"')
    expect(text).toContain('atelier_jobs_open{state="queued",program="gateway"} 3')
    expect(text).toContain('atelier_jobs_open{state="running",program="gateway"} 1')
    expect(text).toContain('atelier_jobs_open{state="cancelling",program="gateway"} 0')
  })

  it('forget a lane that has emptied', async () => {
    const records = [createRecord(JobState.JOB_STATE_QUEUED, 'a.safetensors')]
    const { registry } = open(records)
    expect(await registry.metrics()).toContain('lane="a.safetensors"')
    records.pop()
    expect(await registry.metrics()).not.toContain('lane="a.safetensors"')
  })

  it('count submissions by what became of them, refusals by their code', async () => {
    const { registry, observer } = open()
    const job = Job.fromPartial({ surface: Surface.SURFACE_COMFY })
    observer.submitted(job, 'created')
    observer.submitted(job, 'attached')
    observer.refused(job, new AtelierError('queue-full', 'full'))
    observer.refused(job, new Error('surprise'))
    const text = await registry.metrics()
    for (const outcome of ['created', 'attached', 'queue-full', 'internal'])
      expect(text).toContain(
        `atelier_job_submissions_total{surface="comfy",outcome="${outcome}",program="gateway"} 1`,
      )
  })

  it('count ends by state and measure waiting and running', async () => {
    const { registry, observer } = open()
    const times = { startedAtMs: NOW + 3_000, endedAtMs: NOW + 3_700 }
    observer.ended({ ...createRecord(JobState.JOB_STATE_DONE), ...times })
    observer.ended(createRecord(JobState.JOB_STATE_CANCELLED))
    const text = await registry.metrics()
    expect(text).toContain('atelier_jobs_ended_total{surface="sdapi",state="done",program="gateway"} 1')
    expect(text).toContain('atelier_jobs_ended_total{surface="sdapi",state="cancelled",program="gateway"} 1')
    expect(text).toContain('atelier_job_wait_seconds_sum{program="gateway",surface="sdapi"} 3')
    expect(text).toContain('atelier_job_run_seconds_sum{program="gateway",surface="sdapi"} 0.7')
    // One that was cancelled in the queue neither waited for a start nor ran.
    expect(text).toContain('atelier_job_wait_seconds_count{program="gateway",surface="sdapi"} 1')
  })

  it('count from zero, so that the first job of a kind is an increase', async () => {
    const text = await open().registry.metrics()
    for (const surface of ['sdapi', 'comfy']) {
      expect(text).toContain(
        `atelier_jobs_ended_total{surface="${surface}",state="parked",program="gateway"} 0`,
      )
      expect(text).toContain(
        `atelier_job_submissions_total{surface="${surface}",outcome="queue-full",program="gateway"} 0`,
      )
    }
  })

  it('time requests by the pattern of their route, not by its values', async () => {
    const { registry, timeRequests } = open()
    const app = new Hono<GatewayEnv>()
    app.use(async (c, next) => {
      c.set('surface', 'comfy')
      await next()
    })
    app.use(timeRequests)
    app.get('/history/:id', (c) => c.text('', 404))
    await app.request('/history/1')
    await app.request('/history/2')
    expect(await registry.metrics()).toContain(
      'atelier_gateway_request_seconds_count{program="gateway",surface="comfy",method="GET",route="/history/:id",status="404"} 2',
    )
  })

  it('count open websockets', async () => {
    expect(await open([], 7).registry.metrics()).toContain('atelier_websockets_open{program="gateway"} 7')
  })
})
