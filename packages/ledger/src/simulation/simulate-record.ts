import { JobError, JobResult, JobState, type Job, type JobRecord } from '@atelier/proto'
import * as machine from '../job-state.ts'

/** The transitions a simulation runs; a broken copy must be caught by it. */
export type Machine = Pick<
  typeof machine,
  | 'claimRecord'
  | 'finishRecord'
  | 'handBackRecord'
  | 'abandonRecord'
  | 'cancelRecord'
  | 'recoverRecord'
  | 'renewRecord'
>

/** Steps of one interleaving. */
const STEPS = 40
const WORKERS = ['w1', 'w2', 'w3'] as const
const ACTIONS = [
  ...(['claim', 'claim', 'claim', 'done', 'failed', 'interrupted', 'hand-back'] as const),
  ...(['abandon', 'renew', 'cancel', 'recover', 'stale-write', 'wait'] as const),
]
type Action = (typeof ACTIONS)[number]

interface World {
  /** What the store holds. */
  record: JobRecord
  now: number
  /** Epoch each worker believes it holds. */
  readonly held: Map<string, number>
  readonly isPoison: boolean
  claims: number
  handBacks: number
  winners: number
}

/**
 * Runs one random interleaving of workers, clients, sweeps and a clock over one record, each change a compare-and-set
 * over what the actor read (sometimes long before), and checks the invariants of job-state.ts after every change.
 * @throws Error that names the invariant which does not hold
 */
export function simulateRecord(seed: number, on: Machine = machine): void {
  const random = createRandom(seed)
  const world: World = {
    record: machine.createRecord({ id: 'j' } as Job),
    now: 1_000,
    held: new Map(),
    // A job that takes its workers with it: otherwise most runs end by a result before the third attempt.
    isPoison: random() < 0.3,
    claims: 0,
    handBacks: 0,
    winners: 0,
  }
  let readLongAgo = world.record
  for (let step = 0; step < STEPS; step += 1) {
    const action = pick(ACTIONS, random)
    const worker = pick(WORKERS, random)
    if (action === 'wait') {
      world.now += Math.floor(random() * 30_000)
      if (random() < 0.3) readLongAgo = world.record
      continue
    }
    const basis = action === 'stale-write' ? readLongAgo : world.record
    const next = act(world, { action, worker, basis }, on)
    // Compare-and-set: what was built on an older record is refused by the store, not by the machine.
    if (next === undefined || basis !== world.record) continue
    check(world, { action, worker, next })
    world.record = next
  }
  checkThatItCanEnd(world, on)
}

function act(
  { now, held, isPoison }: World,
  { action, worker, basis }: { action: Action; worker: string; basis: JobRecord },
  on: Machine,
): JobRecord | undefined {
  const epoch = held.get(worker) ?? 0
  const result = JobResult.create()
  switch (action) {
    case 'claim':
    case 'stale-write':
      return on.claimRecord(basis, { workerId: worker }, now)
    case 'done':
      return isPoison ? undefined : on.finishRecord(basis, epoch, { kind: 'done', result }, now)
    case 'failed':
      return isPoison
        ? undefined
        : on.finishRecord(basis, epoch, { kind: 'failed', error: JobError.create() }, now)
    case 'interrupted':
      return isPoison ? undefined : on.finishRecord(basis, epoch, { kind: 'interrupted', result }, now)
    case 'hand-back':
      return isPoison ? undefined : on.handBackRecord(basis, epoch, now)
    case 'abandon':
      return on.abandonRecord(basis, epoch, now)
    case 'renew':
      return on.renewRecord(basis, epoch, now)
    case 'cancel':
      return isPoison ? undefined : on.cancelRecord(basis, now)
    case 'recover':
      return on.recoverRecord(basis, now)
    case 'wait':
      return undefined
  }
}

function check(
  world: World,
  { action, worker, next }: { action: Action; worker: string; next: JobRecord },
): void {
  const before = world.record
  const isClaim = action === 'claim' || action === 'stale-write'
  const isResult = action === 'done' || action === 'failed' || action === 'interrupted'
  demand(!machine.isEndedState(before.state), 'an ended record never changes')
  demand(next.epoch - before.epoch === (isClaim ? 1 : 0), 'only a claim raises the epoch, by one')
  demand(
    next.revision - before.revision === (action === 'renew' ? 0 : 1),
    'each change but a renewal is counted',
  )
  if (isClaim) {
    world.claims += 1
    world.held.set(worker, next.epoch)
  }
  if (action === 'hand-back' && next.state === JobState.JOB_STATE_QUEUED) world.handBacks += 1
  if (isResult) {
    demand(
      world.held.get(worker) === before.epoch,
      'only the holder of the newest epoch ends a job with a result',
    )
    world.winners += 1
  }
  demand(world.winners <= 1, 'one result is accepted at most')
  demand(next.attempt === world.claims - world.handBacks, 'attempts are executions begun and not handed back')
  demand(next.attempt <= machine.MAX_ATTEMPTS, 'a job begins MAX_ATTEMPTS times at most')
  demand(
    (next.workerId !== '') === machine.isHeldState(next.state),
    'a held record has a holder, any other none',
  )
}

/** Whatever happened, and with every worker dead, somebody who comes later can end the job: nothing is stuck. */
function checkThatItCanEnd({ record }: World, on: Machine): void {
  const later = Number.MAX_SAFE_INTEGER
  let last = on.recoverRecord(record, later) ?? record
  demand(!machine.isHeldState(last.state), 'a lease that nobody renews runs out')
  last = on.claimRecord(last, { workerId: 'last' }, later) ?? last
  last = on.finishRecord(last, last.epoch, { kind: 'done', result: JobResult.create() }, later) ?? last
  demand(machine.isEndedState(last.state), 'every job can be brought to an end')
}

function demand(holds: boolean, invariant: string): void {
  if (!holds) throw new Error(`does not hold: ${invariant}`)
}

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T
}

/** Uniform in [0, 1): mulberry32, so that a run can be repeated by its seed. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
