import type { LogEntry } from './chaos-client.ts'

/** A job's record as the ledger has it after the storm. */
export interface JudgedRecord {
  readonly publicId: string
  readonly state: string
  /** Executions begun, those after a death among them. */
  readonly executions: number
  /** When it was admitted, when its last execution began and when it ended, milliseconds since 1970 UTC; 0: never. */
  readonly submittedAtMs: number
  readonly startedAtMs: number
  readonly endedAtMs: number
}

/** What became of the jobs. */
export interface Verdict {
  readonly jobs: number
  /** Pictures that came and say that they are their job's. */
  readonly right: number
  /** Jobs without an answer, or without the record of a job that was taken. */
  readonly lost: readonly string[]
  /** Pictures of another job. */
  readonly wrong: readonly string[]
  /** Jobs that were taken more than once, or with more than one answer. */
  readonly doubled: readonly string[]
  /** Jobs whose record has not ended. */
  readonly stuck: readonly string[]
  /** Jobs that were answered with a final no. */
  readonly failed: readonly string[]
  /** Records of requests that were turned away after all, with 503: the same request, sent again, is the job. */
  readonly turnedAway: number
  /** Requests that clients had to send again. */
  readonly retries: number
  /** Jobs that were begun more than once, since their first worker died. */
  readonly begunAgain: number
}

/** The state of a record whose job never was one: there was no place for it in the queue. */
const TURNED_AWAY = 'rejected'
const ENDED = new Set(['done', 'failed', 'interrupted', 'cancelled', 'expired', 'rejected', 'parked'])

/** Judges a storm by what clients wrote down and what the ledger shows. */
export function judge(
  ids: readonly string[],
  log: readonly LogEntry[],
  records: readonly JudgedRecord[],
): Verdict {
  const answers = countEach(log.map(({ id }) => id))
  const taken = records.filter(({ state }) => state !== TURNED_AWAY)
  const stored = countEach(taken.map(({ publicId }) => publicId))
  return {
    jobs: ids.length,
    right: log.filter(({ id, note }) => note === id).length,
    lost: ids.filter((id) => !answers.has(id) || !stored.has(id)),
    wrong: log.filter(({ id, note }) => note !== undefined && note !== id).map(({ id }) => id),
    doubled: ids.filter((id) => (answers.get(id) ?? 0) > 1 || (stored.get(id) ?? 0) > 1),
    stuck: records.filter(({ state }) => !ENDED.has(state)).map(({ publicId }) => publicId),
    failed: log.flatMap(({ id, failure }) => (failure === undefined ? [] : [`${id}: ${failure}`])),
    turnedAway: records.length - taken.length,
    retries: log.reduce((sum, { retries }) => sum + retries, 0),
    begunAgain: records.filter(({ executions }) => executions > 1).length,
  }
}

function countEach(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
