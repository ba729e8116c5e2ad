import { JobError, JobResult, JobState, type Job, type JobRecord } from '@atelier/proto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as machine from './job-state.ts'

// Many actors act on one record, each with what it read before: late workers, cancelling clients, a passing clock.

type Machine = Pick<
  typeof machine,
  | 'claimRecord'
  | 'finishRecord'
  | 'handBackRecord'
  | 'abandonRecord'
  | 'cancelRecord'
  | 'recoverRecord'
  | 'renewRecord'
>

const WORKERS = ['w1', 'w2', 'w3'] as const
const action = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), worker: fc.constantFrom(...WORKERS) }),
  fc.record({
    kind: fc.constantFrom('finish', 'fail', 'interrupt', 'hand-back', 'abandon', 'renew'),
    worker: fc.constantFrom(...WORKERS),
  }),
  fc.record({ kind: fc.constant('cancel' as const) }),
  fc.record({ kind: fc.constant('recover' as const) }),
  fc.record({ kind: fc.constant('wait' as const), milliseconds: fc.integer({ min: 0, max: 30_000 }) }),
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

interface World {
  record: JobRecord
  now: number
  /** Epoch each worker believes it holds. */
  readonly held: Map<string, number>
  /** Epochs whose holder's result was accepted. */
  readonly winners: number[]
  claims: number
  handBacks: number
}

function act(world: World, step: Action, on: Machine): JobRecord | undefined {
  const { record, now, held } = world
  const epoch = 'worker' in step ? (held.get(step.worker) ?? 0) : 0
  const error = JobError.create()
  const result = JobResult.create()
  switch (step.kind) {
    case 'claim':
      return on.claimRecord(record, { workerId: step.worker }, now)
    case 'finish':
      return on.finishRecord(record, epoch, { kind: 'done', result }, now)
    case 'fail':
      return on.finishRecord(record, epoch, { kind: 'failed', error }, now)
    case 'interrupt':
      return on.finishRecord(record, epoch, { kind: 'interrupted', result }, now)
    case 'hand-back':
      return on.handBackRecord(record, epoch, now)
    case 'abandon':
      return on.abandonRecord(record, epoch, now)
    case 'renew':
      return on.renewRecord(record, epoch, now)
    case 'cancel':
      return on.cancelRecord(record, now)
    case 'recover':
      return on.recoverRecord(record, now)
    default:
      world.now += 'milliseconds' in step ? step.milliseconds : 0
      return undefined
  }
}

/** Runs actions and checks every invariant after each; throws at the first that does not hold. */
function simulate(actions: readonly Action[], on: Machine): void {
  const world: World = {
    record: machine.createRecord({ id: 'j' } as Job),
    now: 1_000,
    held: new Map(),
    winners: [],
    claims: 0,
    handBacks: 0,
  }
  for (const step of actions) {
    const before = world.record
    const epoch = 'worker' in step ? world.held.get(step.worker) : undefined
    const after = act(world, step, on)
    if (after === undefined) continue
    // An ended record never changes.
    expect(machine.isEndedState(before.state)).toBe(false)
    // The epoch never falls, and only a claim raises it.
    expect(after.epoch - before.epoch).toBe(step.kind === 'claim' ? 1 : 0)
    // Each change is counted, but for a renewal, which is no news.
    expect(after.revision - before.revision).toBe(step.kind === 'renew' ? 0 : 1)
    if (step.kind === 'claim') {
      world.claims += 1
      world.held.set(step.worker, after.epoch)
    }
    if (step.kind === 'hand-back' && after.state === JobState.JOB_STATE_QUEUED) world.handBacks += 1
    // Only the holder of the newest epoch ends a job with a result.
    if (['finish', 'fail', 'interrupt'].includes(step.kind)) {
      expect(epoch).toBe(before.epoch)
      world.winners.push(after.epoch)
    }
    // Attempts are executions begun and not handed back; three that failed park the job.
    expect(after.attempt).toBe(world.claims - world.handBacks)
    expect(after.attempt).toBeLessThanOrEqual(machine.MAX_ATTEMPTS)
    // A held record has a holder, any other has none: no job is in between.
    expect(after.workerId !== '').toBe(machine.isHeldState(after.state))
    world.record = after
  }
  expect(world.winners.length).toBeLessThanOrEqual(1)
}

/** A job that takes its workers with it: otherwise most sequences end by a result before the third attempt. */
const deaths = fc.array(
  fc.record({ kind: fc.constantFrom('claim', 'abandon'), worker: fc.constantFrom(WORKERS[0], WORKERS[1]) }),
  { minLength: 10, maxLength: 60 },
)
const sequences: fc.Arbitrary<Action[]> = fc.oneof(
  fc.array(action, { minLength: 1, maxLength: 60 }),
  deaths as fc.Arbitrary<Action[]>,
)

describe('job state machine', () => {
  it('keeps its invariants in every interleaving', () => {
    fc.assert(
      fc.property(sequences, (actions) => simulate(actions, machine)),
      { numRuns: 2_000 },
    )
  })

  it('lets every job come to an end: whatever happened, claiming and finishing what is left ends it', () => {
    fc.assert(
      fc.property(sequences, (actions) => {
        let record = machine.createRecord({ id: 'j' } as Job)
        const world: World = { record, now: 0, held: new Map(), winners: [], claims: 0, handBacks: 0 }
        for (const step of actions) world.record = act({ ...world }, step, machine) ?? world.record
        record = world.record
        const later = Number.MAX_SAFE_INTEGER
        record = machine.recoverRecord(record, later) ?? record
        record = machine.claimRecord(record, { workerId: 'last' }, later) ?? record
        record =
          machine.finishRecord(record, record.epoch, { kind: 'done', result: JobResult.create() }, later) ??
          record
        expect(machine.isEndedState(record.state)).toBe(true)
      }),
    )
  })

  // The properties are worth something only if they see a broken machine.
  const broken: [string, Partial<Machine>][] = [
    [
      'a stale worker may finish',
      {
        finishRecord: (record, _epoch, outcome, now) =>
          machine.finishRecord(record, record.epoch, outcome, now),
      },
    ],
    [
      'a claim keeps the epoch',
      {
        claimRecord: (...args) => {
          const next = machine.claimRecord(...args)
          return next && { ...next, epoch: next.epoch - 1 }
        },
      },
    ],
    [
      'a running job can be claimed',
      {
        claimRecord: (record, ...rest) =>
          machine.claimRecord({ ...record, state: JobState.JOB_STATE_QUEUED }, ...rest),
      },
    ],
    [
      'a hand-back counts as an attempt',
      {
        handBackRecord: (...args) => {
          const next = machine.handBackRecord(...args)
          return next && { ...next, attempt: next.attempt + 1 }
        },
      },
    ],
    [
      'poison jobs are never parked',
      {
        abandonRecord: (record, epoch, now) => {
          const next = machine.abandonRecord({ ...record, attempt: 0 }, epoch, now)
          return next && { ...next, attempt: record.attempt }
        },
      },
    ],
    [
      'an ended job can be cancelled',
      {
        cancelRecord: (record) => ({
          ...record,
          state: JobState.JOB_STATE_CANCELLED,
          revision: record.revision + 1,
        }),
      },
    ],
  ]
  it.each(broken)('would be caught when %s', (_name, mutation) => {
    const check = fc.check(
      fc.property(sequences, (actions) => simulate(actions, { ...machine, ...mutation })),
      { numRuns: 2_000 },
    )
    expect(check.failed).toBe(true)
  })
})
