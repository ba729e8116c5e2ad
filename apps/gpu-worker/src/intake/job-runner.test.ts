import { Job, JobRecord, JobResult, NamedFile } from '@atelier/proto'
import type { JobOutcome, Lease } from '@atelier/ledger'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import type { EventLog } from '../progress/event-log.ts'
import { JobRunner, type JobRunnerOptions } from './job-runner.ts'

const lease: Lease = {
  workerId: 'w',
  epoch: 2,
  record: JobRecord.fromPartial({ job: Job.fromPartial({ id: 'job', tenant: 'open' }), epoch: 2 }),
}

/** A runner whose blobs are stored when the test says so. */
function createRunner() {
  const told: string[] = []
  const outcomes: JobOutcome[] = []
  const stores: (() => void)[] = []
  const options = {
    store: {
      jobs: {
        finish: async (_lease: Lease, outcome: JobOutcome) => {
          outcomes.push(outcome)
          return true
        },
      },
      blobs: {
        put: async (key: string, bytes: Uint8Array, mediaType: string) => {
          await new Promise<void>((resolve) => stores.push(resolve))
          return { key, sizeBytes: bytes.length, sha256: '', mediaType }
        },
      },
    },
    send: () => true,
    events: {
      open: () => undefined,
      add: (_jobId: string, event: { $case: string }) => void told.push(event.$case),
      end: () => undefined,
    } as unknown as EventLog,
    logger: pino({ level: 'silent' }),
  } as unknown as JobRunnerOptions
  return { runner: new JobRunner(options), told, outcomes, stores }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('JobRunner', () => {
  it('announces an early picture when it is stored, and what happened later after it', async () => {
    const { runner, told, outcomes, stores } = createRunner()
    const ended = runner.run(lease)
    await settle()
    const file = {
      file: NamedFile.fromPartial({ nodeId: '9' }),
      bytes: Buffer.from('x'),
      mediaType: 'image/png',
    }
    runner.receive({ kind: 'event', jobId: 'job', event: { $case: 'nodeStart', value: { nodeId: '9' } } })
    runner.receive({ kind: 'early-file', jobId: 'job', file, index: 0, count: 1 })
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
})
