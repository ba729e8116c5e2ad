import { JobState } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { createWorkerMetrics } from './metrics.ts'

const open = () =>
  createWorkerMetrics({
    runningJobs: () => 2,
    slots: () => 4,
    residentModels: () => 3,
    engineRestarts: () => 1,
  })

describe('the metrics of a worker', () => {
  it('show what is so now', async () => {
    const text = await open().registry.metrics()
    expect(text).toContain('atelier_jobs_running{program="worker"} 2')
    expect(text).toContain('atelier_slots{program="worker"} 4')
    expect(text).toContain('atelier_resident_models{program="worker"} 3')
    expect(text).toContain('atelier_engine_restarts{program="worker"} 1')
  })

  it('measure steps, the rows that shared them, and loading', async () => {
    const metrics = open()
    metrics.evaluated(0.3, 4)
    metrics.evaluated(0.1, 2)
    metrics.loaded(7)
    const text = await metrics.registry.metrics()
    expect(text).toContain('atelier_step_seconds_bucket{le="0.2",program="worker"} 1')
    expect(text).toContain('atelier_step_seconds_sum{program="worker"} 0.4')
    expect(text).toContain('atelier_batch_rows_sum{program="worker"} 6')
    expect(text).toContain('atelier_model_load_seconds_bucket{le="10",program="worker"} 1')
  })

  it('count a claim after the first as a redelivery', async () => {
    const metrics = open()
    metrics.claimed(1)
    metrics.claimed(2)
    metrics.claimed(5)
    const text = await metrics.registry.metrics()
    expect(text).toContain('atelier_claims_total{program="worker"} 3')
    expect(text).toContain('atelier_redeliveries_total{program="worker"} 2')
  })

  it('count jobs that met other files than were told', async () => {
    const metrics = open()
    metrics.misfit()
    expect(await metrics.registry.metrics()).toContain('atelier_misfit_jobs_total{program="worker"} 1')
  })

  it('count how jobs left, and lost leases by themselves', async () => {
    const metrics = open()
    metrics.left('ended', JobState.JOB_STATE_DONE)
    metrics.left('ended', JobState.JOB_STATE_FAILED)
    metrics.left('lost', JobState.JOB_STATE_UNSPECIFIED)
    const text = await metrics.registry.metrics()
    expect(text).toContain('atelier_worker_jobs_total{end="ended",state="done",program="worker"} 1')
    expect(text).toContain('atelier_worker_jobs_total{end="ended",state="failed",program="worker"} 1')
    expect(text).toContain('atelier_lease_losses_total{program="worker"} 1')
  })
})
