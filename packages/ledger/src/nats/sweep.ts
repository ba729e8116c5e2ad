import { JobState, type JobRecord } from '@atelier/proto'
import { isHeldState, LEASE_MS, recoverRecord } from '../job-state.ts'
import type { NatsJobLedgerParts } from './ledger-parts.ts'
import type { ViewEntry } from './job-view.ts'

/** How long record and work message may disagree before it is put right, milliseconds: both may be under way. */
const SETTLE_MS = 3_000

/**
 * Puts right what dying processes left behind: leases nobody renews, waiting jobs without a work message, work messages
 * without a waiting job. Every change is a compare-and-set, so any number of processes may sweep at once. Returns how
 * many leases were taken back.
 *
 * A lease has run out when its record did not change for LEASE_MS on this process's monotonic clock: no two machines'
 * clocks are compared, and a clock that jumps takes no job away. Jobs of a process that the broker does not know any more
 * are taken back earlier.
 */
export async function sweep(parts: NatsJobLedgerParts): Promise<number> {
  const now = parts.elapsed()
  const entries = parts.view.openEntries
  const held = entries.filter(({ state }) => isHeldState(state))
  const gone = await parts.presence.findGone(new Set(held.map(({ record }) => record?.holder ?? '')))
  const expired = held.filter(
    ({ seenAt, record }) => now - seenAt > LEASE_MS || gone.has(record?.holder ?? ''),
  )
  const taken = await Promise.all(expired.map((entry) => takeBack(parts, entry)))
  const lost = entries.filter(
    ({ key, state, seenAt, tenant }) =>
      state === JobState.JOB_STATE_QUEUED &&
      now - seenAt > SETTLE_MS &&
      !parts.queue.has(key.slice(tenant.length + 1)),
  )
  await Promise.all(lost.map((entry) => restoreWork(parts, entry)))
  await dropStaleWork(parts, now)
  return taken.filter(Boolean).length
}

async function takeBack(parts: NatsJobLedgerParts, entry: ViewEntry): Promise<boolean> {
  const { records, link, now } = parts
  const jobId = entry.key.slice(entry.tenant.length + 1)
  const expired = (record: JobRecord): JobRecord | undefined =>
    // It may have been renewed, or ended, a moment ago.
    record.leaseUntilMs === entry.record?.leaseUntilMs && record.epoch === entry.record.epoch
      ? recoverRecord(record, Math.max(now(), record.leaseUntilMs + 1))
      : undefined
  const change = await records.change({ tenant: entry.tenant, jobId }, expired)
  if (change?.isChanged !== true) return false
  link.emit({ kind: 'lease-expired', subject: entry.key })
  if (change.record.state === JobState.JOB_STATE_QUEUED) await parts.queue.add(change.record)
  return true
}

async function restoreWork(parts: NatsJobLedgerParts, entry: ViewEntry): Promise<void> {
  const known = await parts.records.read(entry.tenant, entry.key.slice(entry.tenant.length + 1))
  if (known?.record.state !== JobState.JOB_STATE_QUEUED) return
  parts.link.emit({ kind: 'work-restored', subject: entry.key })
  await parts.queue.add(known.record)
}

async function dropStaleWork(parts: NatsJobLedgerParts, now: number): Promise<void> {
  const { view, queue, records, link } = parts
  for (const { job, seenAt } of [...queue.waiting]) {
    const entry = view.get(`${job.tenant}.${job.id}`)
    if (entry?.state === JobState.JOB_STATE_QUEUED || now - seenAt < SETTLE_MS) continue
    if (entry !== undefined && now - entry.seenAt < SETTLE_MS) continue
    const known = await records.read(job.tenant, job.id)
    if (known?.record.state === JobState.JOB_STATE_QUEUED) {
      // It waits so long that its record was not among those read at the start.
      view.apply(known)
      continue
    }
    link.emit({ kind: 'work-dropped', subject: `${job.tenant}.${job.id}` })
    await queue.remove(job)
  }
}
