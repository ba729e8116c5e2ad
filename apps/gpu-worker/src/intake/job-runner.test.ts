import { Job, JobControl, JobError, JobRecord, JobResult, NamedFile } from '@atelier/proto'
import { WORKER_HEARTBEAT_MS, type JobOutcome, type Lease, type LeaseState } from '@atelier/ledger'
import pino from 'pino'
import { describe, expect, it, vi } from 'vitest'
import type { ToEngine } from '../engine-protocol.ts'
import type { EventLog } from '../progress/event-log.ts'
import { JobRunner, type JobRunnerOptions } from './job-runner.ts'

const lease: Lease = {
  workerId: 'w',
  epoch: 2,
  record: JobRecord.fromPartial({ job: Job.fromPartial({ id: 'job', tenant: 'open' }), epoch: 2 }),
}

/** A runner whose blobs are stored when the test says so. */
function createRunner(more: Partial<JobRunnerOptions> = {}) {
  const told: string[] = []
  const outcomes: JobOutcome[] = []
  const stores: (() => void)[] = []
  const settled: string[] = []
  const sent: ToEngine[] = []
  const world = { isEngineUp: true, lease: 'held' as LeaseState, isStoreUp: true }
  const options = {
    store: {
      jobs: {
        finish: async (_lease: Lease, outcome: JobOutcome) => {
          outcomes.push(outcome)
          return true
        },
        renew: async () => world.lease,
        abandon: async () => settled.push('abandon') > 0,
        handBack: async () => settled.push('hand back') > 0,
      },
      blobs: {
        put: async (key: string, bytes: Uint8Array, mediaType: string) => {
          if (!world.isStoreUp) throw new Error('the disk is full')
          await new Promise<void>((resolve) => stores.push(resolve))
          return { key, sizeBytes: bytes.length, sha256: '', mediaType }
        },
      },
    },
    send: (message: ToEngine) => {
      if (world.isEngineUp) sent.push(message)
      return world.isEngineUp
    },
    events: {
      open: () => undefined,
      add: (_jobId: string, event: { $case: string }) => void told.push(event.$case),
      end: () => undefined,
    } as unknown as EventLog,
    logger: pino({ level: 'silent' }),
    ...more,
  } as unknown as JobRunnerOptions
  return { runner: new JobRunner(options), told, outcomes, stores, settled, sent, world }
}

const done = {
  kind: 'done',
  result: JobResult.create(),
  files: [{ file: NamedFile.create(), bytes: Buffer.from('x'), mediaType: 'image/png' }],
} as const
const earlyFile = {
  kind: 'early-file',
  jobId: 'job',
  file: {
    file: NamedFile.fromPartial({ nodeId: '9' }),
    bytes: Buffer.from('x'),
    mediaType: 'image/png',
  },
  index: 0,
  count: 1,
} as const
const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('JobRunner', () => {
  it('announces an early picture when it is stored, and what happened later after it', async () => {
    const { runner, told, outcomes, stores } = createRunner()
    const ended = runner.run(lease)
    await settle()
    runner.receive({ kind: 'event', jobId: 'job', event: { $case: 'nodeStart', value: { nodeId: '9' } } })
    runner.receive(earlyFile)
    const value = { nodeId: '9', outputJson: '', cached: false }
    runner.receive({ kind: 'event', jobId: 'job', event: { $case: 'nodeEnd', value } })
    runner.receive({
      kind: 'end',
      jobId: 'job',
      outcome: { kind: 'done', result: JobResult.create(), files: [] },
    })
    await settle()
    expect(told).toEqual(['nodeStart'])
    stores[0]?.()
    expect(await ended).toBe('ended')
    expect(told).toEqual(['nodeStart', 'imageReady', 'nodeEnd'])
    const [outcome] = outcomes
    // The manifest names it, too: its announcement may be lost.
    expect(
      outcome?.kind === 'done' && outcome.result.files.map(({ nodeId, blob }) => [nodeId, blob?.key]),
    ).toEqual([['9', 'results/job/2/0']])
    runner.close()
  })

  it('tells how long a job that is to stop goes on', async () => {
    vi.useFakeTimers()
    try {
      const { runner, world } = createRunner()
      void runner.run(lease)
      await vi.advanceTimersByTimeAsync(3 * WORKER_HEARTBEAT_MS)
      expect(runner.longestStopMs).toBe(0)
      world.lease = 'cancelling'
      await vi.advanceTimersByTimeAsync(3 * WORKER_HEARTBEAT_MS)
      expect(runner.longestStopMs).toBe(2 * WORKER_HEARTBEAT_MS)
      await runner.handBackAll()
      expect(runner.longestStopMs).toBe(0)
      runner.close()
    } finally {
      vi.useRealTimers()
    }
  })

  // A rejection that nobody listens to ends a process, and fails this run.
  it('outlives an early picture that cannot be stored, and gives its job back', async () => {
    const { runner, settled, world } = createRunner()
    const ended = runner.run(lease)
    await settle()
    world.isStoreUp = false
    runner.receive(earlyFile)
    await settle()
    runner.receive({ kind: 'end', jobId: 'job', outcome: done })
    expect(await ended).toBe('handed-back')
    expect(settled).toEqual(['hand back'])
    runner.close()
  })

  it('gives a job back that another worker can run better, and lets it fail where none can', async () => {
    const asked: string[] = []
    for (const isThereAnother of [true, false]) {
      const { runner, settled, outcomes } = createRunner({
        leavesToOthers: async (_record, code) => {
          asked.push(code)
          return isThereAnother
        },
      })
      const ended = runner.run(lease)
      await settle()
      const error = JobError.fromPartial({ code: 'model-changed' })
      const outcome = { kind: 'failed', error, result: JobResult.create(), files: [] } as const
      runner.receive({ kind: 'end', jobId: 'job', outcome })
      expect(await ended).toBe(isThereAnother ? 'handed-back' : 'ended')
      expect([settled, outcomes.map(({ kind }) => kind)]).toEqual(
        isThereAnother ? [['hand back'], []] : [[], ['failed']],
      )
      runner.close()
    }
    expect(asked).toEqual(['model-changed', 'model-changed'])
  })

  it('gives a job back that meets no engine: the job is not to blame', async () => {
    const { runner, settled, world } = createRunner()
    world.isEngineUp = false
    expect(await runner.run(lease)).toBe('handed-back')
    expect(settled).toEqual(['hand back'])
    runner.close()
  })

  it('counts a death of the engine against each job that ran', async () => {
    const { runner, settled } = createRunner()
    const ended = runner.run(lease)
    await settle()
    await runner.abandonAll()
    expect(await ended).toBe('abandoned')
    expect(settled).toEqual(['abandon'])
    expect(runner.jobIds).toEqual([])
    runner.close()
  })

  it('hands everything back when it is told to', async () => {
    const { runner, settled, sent } = createRunner()
    const ended = runner.run(lease)
    await settle()
    await runner.handBackAll()
    expect(await ended).toBe('handed-back')
    expect(settled).toEqual(['hand back'])
    expect(sent.map(({ kind }) => kind)).toEqual(['run', 'cancel'])
    runner.close()
  })

  it('hands a job back whose results cannot be stored', async () => {
    const { runner, settled, outcomes, world } = createRunner()
    world.isStoreUp = false
    const ended = runner.run(lease)
    await settle()
    runner.receive({ kind: 'end', jobId: 'job', outcome: done })
    expect(await ended).toBe('handed-back')
    expect([settled, outcomes]).toEqual([['hand back'], []])
    runner.close()
  })

  it('stops a job whose lease was lost, and publishes nothing of it', async () => {
    vi.useFakeTimers()
    const { runner, outcomes, sent, world } = createRunner()
    const ended = runner.run(lease)
    world.lease = 'lost'
    await vi.advanceTimersByTimeAsync(WORKER_HEARTBEAT_MS)
    vi.useRealTimers()
    expect(sent.at(-1)).toEqual({ kind: 'cancel', jobId: 'job' })
    runner.receive({ kind: 'end', jobId: 'job', outcome: done })
    expect(await ended).toBe('lost')
    expect(outcomes).toEqual([])
    runner.close()
  })

  it('passes a cancel on and keeps what the job has by then', async () => {
    vi.useFakeTimers()
    const { runner, outcomes, sent, world } = createRunner()
    const ended = runner.run(lease)
    world.lease = 'cancelling'
    await vi.advanceTimersByTimeAsync(WORKER_HEARTBEAT_MS)
    vi.useRealTimers()
    expect(sent.at(-1)).toEqual({ kind: 'cancel', jobId: 'job' })
    const outcome = { kind: 'interrupted', result: JobResult.create(), files: [] } as const
    runner.receive({ kind: 'end', jobId: 'job', outcome })
    expect(await ended).toBe('ended')
    expect(outcomes.map(({ kind }) => kind)).toEqual(['interrupted'])
    runner.close()
  })

  it('controls only jobs that run here', async () => {
    const { runner, sent } = createRunner()
    void runner.run(lease)
    await settle()
    expect(runner.control('job', JobControl.JOB_CONTROL_SKIP)).toBe(true)
    expect(runner.control('other', JobControl.JOB_CONTROL_SKIP)).toBe(false)
    expect(sent.slice(1)).toEqual([{ kind: 'skip', jobId: 'job' }])
    runner.close()
  })
})
