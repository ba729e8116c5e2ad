import { Job, JobRecord, JobState, Surface } from '@atelier/proto'
import type { JsMsg } from '@nats-io/jetstream'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { LedgerEvent } from '../ledger-events.ts'
import type { FollowOptions } from './follow.ts'
import { JobView } from './job-view.ts'
import type { NatsLink } from './link.ts'

const followed = vi.hoisted(() => ({ options: undefined as unknown, isEnded: false }))
vi.mock('./follow.ts', () => ({
  followStream: (options: unknown) => {
    followed.options = options
    followed.isEnded = false
    return () => void (followed.isEnded = true)
  },
}))

const { JOB_STATE_QUEUED: QUEUED, JOB_STATE_RUNNING: RUNNING, JOB_STATE_DONE: DONE } = JobState
const KEY = '$KV.jobs.'

interface Told {
  readonly state?: JobState
  readonly tenant?: string
  readonly surface?: Surface
  readonly publicId?: string
  readonly submittedAtMs?: number
  readonly queueNumber?: number
  readonly revision?: number
}

/** A record whose own revision grows with its state, unless told. */
function record(
  id: string,
  { state = QUEUED, revision = state, tenant = 'open', ...job }: Told = {},
): JobRecord {
  const { surface = Surface.SURFACE_SDAPI, publicId = id, submittedAtMs = 0, queueNumber = 0 } = job
  return JobRecord.fromPartial({
    job: Job.fromPartial({ id, tenant, surface, publicId, submittedAtMs, queueNumber }),
    ...{ state, revision },
  })
}

/** A view, and the bucket as its follower tells it. */
function open(endedKnown?: number) {
  const [events, sessions] = [[] as LedgerEvent[], [] as (() => void)[]]
  const state = { elapsed: 0, sequence: 0, lastSequence: 0, infos: 0 }
  const jsm = {
    streams: {
      info: () => {
        state.infos += 1
        return Promise.resolve({ state: { last_seq: state.lastSequence } })
      },
    },
  }
  const link = {
    names: { jobs: 'jobs' },
    emit: (event: LedgerEvent) => events.push(event),
    onSession: (listener: () => void) => {
      sessions.push(listener)
      return () => undefined
    },
    use: (_what: string, work: (session: unknown) => Promise<unknown>) => work({ jsm }),
  }
  const view = new JobView(link as unknown as NatsLink, () => state.elapsed, endedKnown)
  view.follow()
  const options = followed.options as FollowOptions
  const say = (key: string, data: Uint8Array, operation?: string, seq = (state.sequence += 1)) => {
    const headers = operation === undefined ? undefined : { get: () => operation }
    options.onMessage({ subject: KEY + key, data, headers, seq } as unknown as JsMsg)
  }
  const tell = (one: JobRecord, seq?: number) =>
    say(`${one.job!.tenant}.${one.job!.id}`, JobRecord.encode(one).finish(), undefined, seq)
  return { view, options, state, events, sessions, say, tell }
}

const idsOf = (entries: Iterable<{ readonly key: string }>) =>
  [...entries].map(({ key }) => key.slice('open.'.length))

describe('JobView', () => {
  beforeEach(() => (followed.options = undefined))

  it('knows the newest of each job, and forgets what was removed', () => {
    const { view, tell, say } = open()
    tell(record('a'))
    tell(record('b'))
    tell(record('a', { state: RUNNING }))
    expect(view.get('open.a')).toMatchObject({ state: RUNNING, revision: 3, order: 1 })
    say('open.b', new Uint8Array(), 'PURGE')
    expect(idsOf(view.entries)).toEqual(['a'])
  })

  it('does not go back to an older change that is heard late', () => {
    const { view, tell } = open()
    view.apply({ record: record('a', { state: DONE }), revision: 9 })
    tell(record('a', { state: RUNNING }), 5)
    view.apply({ record: record('a'), revision: 9 })
    expect(view.get('open.a')).toMatchObject({ state: DONE, revision: 9 })
  })

  it('tells listeners each change once, and neither renewals nor ends of the past', () => {
    const { view, tell, options } = open()
    const heard: string[] = []
    const stop = view.listen(({ job, state }) => heard.push(`${job!.id} ${state}`))
    tell(record('past', { state: DONE }))
    tell(record('open'))
    options.onLoaded()
    tell(record('open', { state: RUNNING }))
    // A renewal: stored again, the record's own revision is the same.
    tell(record('open', { state: RUNNING }))
    tell(record('open', { state: DONE }))
    tell(record('quick', { state: DONE }))
    expect(heard).toEqual([`open ${QUEUED}`, `open ${RUNNING}`, `open ${DONE}`, `quick ${DONE}`])
    stop()
    tell(record('later'))
    expect(heard).toHaveLength(4)
  })

  it('takes a renewal for a sign of life', () => {
    const { view, tell, state } = open()
    tell(record('a', { state: RUNNING }))
    state.elapsed = 500
    tell(record('a', { state: RUNNING }))
    expect(view.get('open.a')?.seenAt).toBe(500)
  })

  it('counts the silence of jobs that are held anew when the broker comes back', () => {
    const { view, tell, state, sessions } = open()
    tell(record('held', { state: RUNNING }))
    tell(record('waiting'))
    state.elapsed = 900
    for (const listener of sessions) listener()
    expect([view.get('open.held')?.seenAt, view.get('open.waiting')?.seenAt]).toEqual([900, 0])
  })

  it('drops what is no longer there when the bucket is read from its start again', () => {
    const { view, tell, options } = open()
    tell(record('a'))
    tell(record('b'))
    options.onLoaded()
    options.onStart()
    expect(view.isLoaded).toBe(false)
    tell(record('b'))
    expect(idsOf(view.entries)).toEqual(['a', 'b'])
    options.onLoaded()
    expect([view.isLoaded, idsOf(view.entries)]).toEqual([true, ['b']])
  })

  it('lists jobs that wait by their place in the queue, then those that ended by their end', () => {
    const { view, tell } = open()
    tell(record('third', { queueNumber: 2 }))
    tell(record('end-2', { state: RUNNING }))
    tell(record('end-1', { state: DONE }))
    tell(record('second', { queueNumber: 1, submittedAtMs: 9 }))
    tell(record('first', { queueNumber: -5 }))
    tell(record('end-2', { state: DONE }))
    expect(idsOf(view.select({}))).toEqual(['first', 'second', 'third', 'end-1', 'end-2'])
    // The newest ends, but the first of those that wait.
    expect(idsOf(view.select({ limit: 1 }))).toEqual(['first', 'end-2'])
    expect(idsOf(view.select({ limit: 0 }))).toEqual([])
    expect(idsOf(view.select({ states: [DONE] }))).toEqual(['end-1', 'end-2'])
    expect(idsOf(view.openEntries).sort()).toEqual(['first', 'second', 'third'])
  })

  it('keeps tenants and surfaces apart', () => {
    const { view, tell } = open()
    tell(record('a', { publicId: 'p' }))
    tell(record('b', { publicId: 'p', surface: Surface.SURFACE_COMFY }))
    tell(record('c', { publicId: 'p', tenant: 'other' }))
    expect(view.select({ tenant: 'other' }).map(({ key }) => key)).toEqual(['other.c'])
    expect(idsOf(view.select({ surface: Surface.SURFACE_COMFY }))).toEqual(['b'])
    expect(view.getLatest('open', Surface.SURFACE_SDAPI, 'p')?.key).toBe('open.a')
    expect(view.getLatest('other', Surface.SURFACE_SDAPI, 'p')?.key).toBe('other.c')
    expect(view.getLatest('other', Surface.SURFACE_COMFY, 'p')).toBeUndefined()
  })

  it('finds under a public id the job that was submitted last, whichever is heard first', () => {
    const { view, tell, say } = open()
    tell(record('new', { publicId: 'p', submittedAtMs: 20 }))
    tell(record('old', { publicId: 'p', submittedAtMs: 10 }))
    expect(view.getLatest('open', Surface.SURFACE_SDAPI, 'p')?.key).toBe('open.new')
    say('open.new', new Uint8Array(), 'DEL')
    expect(view.getLatest('open', Surface.SURFACE_SDAPI, 'p')).toBeUndefined()
  })

  it('keeps the records of the newest ends, knows older ones without theirs, and forgets the oldest', () => {
    const { view, tell } = open(20)
    for (let i = 0; i < 30; i += 1) tell(record(`e${i}`, { state: DONE }))
    tell(record('waits'))
    const ended = view.select({ states: [DONE] })
    expect(ended).toHaveLength(20)
    expect(idsOf(ended).at(0)).toBe('e10')
    expect(idsOf(ended.filter((entry) => entry.record !== undefined))).toEqual(['e28', 'e29'])
    expect(view.get('open.waits')?.record).toBeDefined()
  })

  it('is told of what it cannot read, and goes on', () => {
    const { view, say, events } = open()
    say('open.a', Uint8Array.of(0xff))
    say('open.b', JobRecord.encode(record('a')).finish())
    expect([[...view.entries], events.map(({ kind }) => kind)]).toEqual([[], ['unreadable', 'unreadable']])
  })

  it('catches up with what was stored, asking once for all that ask together', async () => {
    const { view, tell, state } = open()
    state.lastSequence = 2
    const first = view.catchUp()
    const [second, third] = [view.catchUp(), view.catchUp()]
    let isDone = false
    void Promise.all([first, second, third]).then(() => (isDone = true))
    tell(record('a'))
    await new Promise(setImmediate)
    expect(isDone).toBe(false)
    tell(record('b'))
    await Promise.all([first, second, third])
    expect(state.infos).toBeLessThanOrEqual(2)
  })

  it('says whether it was read whole in time', async () => {
    const { view, options } = open()
    expect(await view.whenLoaded(0)).toBe(false)
    options.onLoaded()
    expect(await view.whenLoaded(0)).toBe(true)
    view.close()
    expect(followed.isEnded).toBe(true)
  })
})
