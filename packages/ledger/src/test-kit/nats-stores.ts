import { randomUUID } from 'node:crypto'
import { Job, Surface } from '@atelier/proto'
import type { Lease } from '../job-ledger.ts'
import type { LedgerEvent } from '../ledger-events.ts'
import { openNatsLedger, type NatsLedgerStore, type NatsSettings } from '../nats/index.ts'
import { toTestSettings } from './nats-settings.ts'

/** A ledger of a test, with what it met and a clock that can be moved. */
export interface TestStore extends NatsLedgerStore {
  readonly events: LedgerEvent[]
  readonly settings: NatsSettings
  /** Moves the monotonic clock. */
  advance(milliseconds: number): void
  /** Moves the wall clock. */
  jump(milliseconds: number): void
}

/** Opens a ledger; with `prefix` another handle on an earlier one's data. */
export function openTestStore(
  url: string,
  prefix = `t${randomUUID().slice(0, 8)}`,
  more: Partial<NatsSettings> = {},
): TestStore {
  const settings = toTestSettings(url, prefix, more)
  const clock = { elapsed: 0, wall: 0 }
  const events: LedgerEvent[] = []
  const store = openNatsLedger({
    settings,
    onEvent: (event) => events.push(event),
    now: () => Date.now() + clock.wall,
    elapsed: () => performance.now() + clock.elapsed,
  })
  return {
    ...store,
    events,
    settings,
    advance: (milliseconds) => (clock.elapsed += milliseconds),
    jump: (milliseconds) => (clock.wall += milliseconds),
  }
}

/** Opens one as a gateway does: with its views read. */
export async function openTestGateway(...args: Parameters<typeof openTestStore>): Promise<TestStore> {
  const store = openTestStore(...args)
  await store.ready()
  await store.jobs.list({ limit: 1 })
  await store.jobs.recover()
  return store
}

/** A job of tenant "a". */
export function createTestJob(more: Partial<Job> = {}): Job {
  const id = randomUUID()
  return Job.fromPartial({
    ...{ id, tenant: 'a', surface: Surface.SURFACE_COMFY, publicId: id, requestDigest: id },
    ...more,
  })
}

/** Claims the next job, whatever it is. */
export async function claimAny(store: NatsLedgerStore, workerId = 'w1', limitMs = 10_000): Promise<Lease> {
  const request = { workerId, accepts: () => true, residentIdentities: [] }
  const lease = await store.jobs.claim(request, AbortSignal.timeout(limitMs))
  if (lease === undefined) throw new Error('nothing to claim')
  return lease
}
