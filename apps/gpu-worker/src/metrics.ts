import { toStateName } from '@atelier/ledger'
import type { JobState } from '@atelier/proto'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { RunEnd } from './intake/run-end.ts'

/** The worker's metrics; one registry a process. Their meaning for operators: docs/operations.md. */
export interface WorkerMetrics {
  readonly registry: Registry
  /** A denoising network answered. */
  evaluated(seconds: number, rows: number): void
  /** A network was made ready on the device. */
  loaded(seconds: number): void
  /** A job was claimed; `epoch` above 1: it had been begun before. */
  claimed(epoch: number): void
  /** A job was given back because this worker's files are not what it told. */
  misfit(): void
  /** A job left the worker. */
  left(end: RunEnd, state: JobState): void
}

/** What is counted when it is asked for. */
export interface WorkerCounts {
  readonly runningJobs: () => number
  readonly slots: () => number
  readonly residentModels: () => number
  readonly engineRestarts: () => number
}

/** Seconds, from a small network on a GPU to a large one on a CPU. */
const STEP_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30]
const LOAD_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120]
const ROWS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32]

/** Creates the metrics; what is a state and no event is counted when it is scraped. */
export function createWorkerMetrics(counts: WorkerCounts): WorkerMetrics {
  const registry = new Registry()
  registry.setDefaultLabels({ program: 'worker' })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers })
  const steps = histogram('atelier_step_seconds', 'One evaluation of a denoising network', STEP_SECONDS)
  const rows = histogram('atelier_batch_rows', 'Rows of one evaluation, of all requests that shared it', ROWS)
  const loads = histogram('atelier_model_load_seconds', 'One network made ready on the device', LOAD_SECONDS)
  const claims = new Counter({ name: 'atelier_claims_total', help: 'Jobs this worker began', registers })
  const redeliveries = new Counter({
    name: 'atelier_redeliveries_total',
    help: 'Jobs this worker began that had been begun before, here or elsewhere',
    registers,
  })
  const losses = new Counter({
    name: 'atelier_lease_losses_total',
    help: 'Jobs another worker took over while this one ran them',
    registers,
  })
  const misfits = new Counter({
    name: 'atelier_misfit_jobs_total',
    help: 'Jobs given back to other workers because the files here are not what this worker told',
    registers,
  })
  const ends = new Counter({
    name: 'atelier_worker_jobs_total',
    help: 'Jobs that left this worker, by how they left and their state then',
    labelNames: ['end', 'state'],
    registers,
  })
  addGauges(registry, counts)
  return {
    registry,
    evaluated(seconds, count) {
      steps.observe(seconds)
      rows.observe(count)
    },
    loaded: (seconds) => loads.observe(seconds),
    claimed(epoch) {
      claims.inc()
      if (epoch > 1) redeliveries.inc()
    },
    misfit: () => misfits.inc(),
    left(end, state) {
      if (end === 'lost') losses.inc()
      ends.inc({ end, state: toStateName(state) })
    },
  }
}

function addGauges(registry: Registry, counts: WorkerCounts): void {
  const add = (name: string, help: string, read: () => number) =>
    new Gauge({
      ...{ name, help, registers: [registry] },
      collect() {
        this.set(read())
      },
    })
  add('atelier_jobs_running', 'Jobs that run on this worker now', counts.runningJobs)
  add('atelier_slots', 'Jobs this worker runs at once', counts.slots)
  add('atelier_resident_models', 'Model files loaded on the device', counts.residentModels)
  add(
    'atelier_engine_restarts',
    'Times the engine was started again since this worker began',
    counts.engineRestarts,
  )
}
