import { Job, WorkerDescription } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { AFFINITY_WINDOW_MS, CandidateChooser } from '../choose-candidate.ts'
import { WORKER_HEARTBEAT_MS } from '../worker-directory.ts'
import { FairQueue } from './fair-queue.ts'
import { chooseWork, HEAD_START_MS, type SeenJob } from './placement.ts'

// Mixed traffic for more checkpoints than workers hold, on a clock of its own: what is promised about order is counted,
// not believed.

/** Time between two looks at the simulated cluster, milliseconds. */
const TICK_MS = 10
const MODELS = ['a', 'b', 'c', 'd']
/** Two that keep both workers busy, and one that is asked for seldom. */
const SKEWED = [...Array.from({ length: 20 }, () => ['a', 'b']).flat(), 'c']

interface Traffic {
  readonly jobs: number
  /** Mean time between two arrivals, milliseconds. */
  readonly gapMs: number
  readonly loadMs: number
  readonly runMs: number
  readonly seed: number
  readonly tenants?: number
  /** What is asked for, each equally often. */
  readonly models?: readonly string[]
  /** Workers tell what they hold; without, it is first come, first served. */
  readonly isRouted: boolean
  /** Makes a chooser for each worker; another one is put in its place to see that these tests can fail. */
  readonly createChooser?: () => Pick<CandidateChooser, 'choose'>
}

interface Begun {
  readonly job: Job
  readonly at: number
  readonly switched: boolean
  /** The job that was first in the queue. */
  readonly head: Job
}

type Waiting = SeenJob & { readonly sequence: number }

interface SimulatedWorker {
  readonly id: string
  held: string
  freeAt: number
  readonly chooser: Pick<CandidateChooser, 'choose'>
  /** What the directory shows of it: up to a heartbeat old. */
  told: WorkerDescription
}

function simulate(traffic: Traffic): Begun[] {
  const random = createRandom(traffic.seed)
  const arrivals = createArrivals(traffic, random)
  const queue = new FairQueue<Waiting>()
  const workers: SimulatedWorker[] = ['w1', 'w2'].map((id) => ({
    ...{ id, held: '', freeAt: 0, told: WorkerDescription.fromPartial({ id }) },
    chooser: traffic.createChooser?.() ?? new CandidateChooser(),
  }))
  const begun: Begun[] = []
  let next = 0
  for (let now = 0; begun.length < arrivals.length; now += TICK_MS) {
    for (; next < arrivals.length && arrivals[next]!.submittedAtMs <= now; next += 1)
      queue.put({ job: arrivals[next]!, sequence: next, seenAt: now })
    for (const worker of workers) {
      if (now % WORKER_HEARTBEAT_MS === 0) worker.told = describeWorker(worker, now)
      if (worker.freeAt > now) continue
      const residentIdentities = traffic.isRouted && worker.held !== '' ? [worker.held] : []
      const choice = chooseWork(queue.inOrder(), {
        request: { workerId: worker.id, residentIdentities },
        chooser: worker.chooser,
        elapsed: now,
        living: () => (traffic.isRouted ? workers.map(({ told }) => told) : []),
      })
      if (choice === undefined || choice.waitMs > 0) continue
      const model = choice.job.models[0]!.identity
      const switched = model !== worker.held
      const [head] = queue.inOrder()
      queue.remove(choice.job.id)
      queue.noteServed(choice.job.tenant)
      begun.push({ job: choice.job, at: now, switched, head: head!.job })
      Object.assign(worker, { held: model, freeAt: now + (switched ? traffic.loadMs : 0) + traffic.runMs })
    }
  }
  return begun
}

function createArrivals({ jobs, gapMs, tenants = 1, models = MODELS }: Traffic, random: () => number): Job[] {
  let at = 0
  return Array.from({ length: jobs }, (_, i) => {
    at += -Math.log(1 - random()) * gapMs
    const model = models[Math.floor(random() * models.length)]!
    const tenant = `t${Math.floor(random() * tenants)}`
    return Job.fromPartial({ id: `${i}`, tenant, submittedAtMs: at, models: [{ identity: model }] })
  })
}

function describeWorker({ id, held, freeAt }: SimulatedWorker, now: number): WorkerDescription {
  const jobIds = freeAt > now ? ['running'] : []
  return WorkerDescription.fromPartial({ id, ready: true, slots: 1, jobIds, residentIdentities: [held] })
}

/** How much younger the youngest job was that began before each one of the same tenant, milliseconds; 0: none did. */
function listInversions(begun: readonly Begun[]): number[] {
  return begun.map(({ job, at }) => {
    const ahead = begun.filter((other) => other.at < at && other.job.tenant === job.tenant)
    return Math.max(0, ...ahead.map((other) => other.job.submittedAtMs - job.submittedAtMs))
  })
}

/** How long each job was first in the queue while others were begun, milliseconds. */
function listPassings(begun: readonly Begun[]): number[] {
  return begun.map(({ job, at }) => {
    const first = begun.find(({ head, job: taken }) => head.id === job.id && taken.id !== job.id)
    return first === undefined ? 0 : at - first.at
  })
}

const countSwitches = (begun: readonly Begun[]) => begun.filter(({ switched }) => switched).length
const meanWait = (begun: readonly Begun[]) =>
  begun.reduce((sum, { job, at }) => sum + at - job.submittedAtMs, 0) / begun.length
const meanInterval = (begun: readonly Begun[]) => begun.at(-1)!.at / begun.length

// A worker makes six pictures a second of a loaded checkpoint, less than one where it must load.
const COST = { loadMs: 1_000, runMs: 160 }
const BUSY = { ...COST, jobs: 400, gapMs: 200 }
/** More than two workers can do even without loads: the queue grows to the end. */
const FLOODED = { ...COST, jobs: 600, gapMs: 70 }
/** The same with a checkpoint that nobody has reason to load. */
const RARE = { ...FLOODED, models: SKEWED }
const SEEDS = [1, 2, 3, 4, 5]
/** A head waits for the job that runs when its time is over, and for its own turn on the clock. */
const PASSING_LIMIT_MS = AFFINITY_WINDOW_MS + COST.loadMs + COST.runMs + TICK_MS

const traffics = [
  { name: 'busy', traffic: BUSY },
  { name: 'flooded', traffic: FLOODED },
  { name: 'flooded, with a rare one', traffic: RARE },
  { name: 'flooded by three tenants', traffic: { ...FLOODED, tenants: 3 } },
].flatMap((one) => SEEDS.map((seed) => ({ ...one, seed })))

describe('jobs of four checkpoints on two workers that hold one each', () => {
  it.each(traffics)(
    'are passed by jobs at most ten seconds younger: $name, seed $seed',
    ({ traffic, seed }) => {
      const begun = simulate({ ...traffic, seed, isRouted: true })
      expect(begun).toHaveLength(traffic.jobs)
      expect(Math.max(...listInversions(begun))).toBeLessThanOrEqual(AFFINITY_WINDOW_MS)
    },
  )

  it.each(traffics)('are passed over at the head for ten seconds: $name, seed $seed', ({ traffic, seed }) => {
    const begun = simulate({ ...traffic, seed, isRouted: true })
    expect(Math.max(...listPassings(begun))).toBeLessThanOrEqual(PASSING_LIMIT_MS)
  })

  it('would be passed by far younger ones, and for longer, if every loaded checkpoint might: both are seen', () => {
    const greedy = (): Pick<CandidateChooser, 'choose'> => ({
      choose(waiting, residents) {
        const all = [...waiting]
        return all.find(({ job }) => residents.includes(job?.models[0]?.identity ?? '')) ?? all[0]
      },
    })
    const begun = simulate({ ...RARE, seed: 1, isRouted: true, createChooser: greedy })
    expect(Math.max(...listInversions(begun))).toBeGreaterThan(AFFINITY_WINDOW_MS)
    expect(Math.max(...listPassings(begun))).toBeGreaterThan(PASSING_LIMIT_MS)
  })

  it.each(SEEDS)(
    'cost less than first come, first served, which loads for most of them (seed %i)',
    (seed) => {
      for (const traffic of [BUSY, FLOODED]) {
        const routed = simulate({ ...traffic, seed, isRouted: true })
        const inOrder = simulate({ ...traffic, seed, isRouted: false })
        expect(Math.max(...listInversions(inOrder))).toBe(0)
        expect(countSwitches(routed)).toBeLessThan(countSwitches(inOrder) / 2)
        expect(meanWait(routed)).toBeLessThan(meanWait(inOrder) / 2)
      }
    },
  )

  it.each(SEEDS)(
    'are made at nearly the rate of loaded checkpoints when the queue only grows (seed %i)',
    (seed) => {
      const begun = simulate({ ...FLOODED, seed, isRouted: true })
      expect(meanInterval(begun)).toBeLessThan((COST.runMs / 2) * 1.5)
    },
  )

  it('are never left lying by a free worker for longer than the head start', () => {
    // Seldom enough that a worker is always free.
    const begun = simulate({ ...COST, gapMs: 5_000, jobs: 100, seed: 1, isRouted: true })
    const waits = begun.map(({ job, at }) => at - job.submittedAtMs)
    // Both may be loading when two come at once; all others find a free one.
    const isLong = (wait: number) => wait > HEAD_START_MS + 2 * TICK_MS
    expect(waits.filter(isLong).length).toBeLessThan(10)
    expect(Math.max(...waits)).toBeLessThan(COST.loadMs + COST.runMs + HEAD_START_MS + 2 * TICK_MS)
  })
})

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
