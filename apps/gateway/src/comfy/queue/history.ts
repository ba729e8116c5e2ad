import { parseExactJson, toExact, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { JobLedger } from '@atelier/ledger'
import { JobState, Surface, type JobRecord } from '@atelier/proto'
import { jobOf, readSurfaceNote, toQueueItem } from '../job-view.ts'
import { toCachedMessage, toEndMessage, toStartMessage, type RunMessage } from '../run/run-messages.ts'

/** Entries kept in sight, newest; older ones are in the ledger but no longer listed. */
const MAX_ENTRIES = 10_000

/** Ends that leave a trace in the history; a prompt taken out of the queue leaves none. */
const TRACED_STATES: readonly JobState[] = [
  JobState.JOB_STATE_DONE,
  JobState.JOB_STATE_FAILED,
  JobState.JOB_STATE_INTERRUPTED,
  JobState.JOB_STATE_PARKED,
  JobState.JOB_STATE_EXPIRED,
  JobState.JOB_STATE_REJECTED,
]

/** A window of the history; both absent: all of it. */
export interface HistoryWindow {
  readonly maxItems?: number
  /** Counted from the oldest; negative counts as absent. */
  readonly offset?: number
}

/** The tenant's history: newest record of each prompt id, in the order in which the ids first ended. */
export async function readHistory(
  jobs: JobLedger,
  tenant: string,
  window: HistoryWindow = {},
): Promise<JobRecord[]> {
  const { maxItems, offset = -1 } = window
  if (maxItems !== undefined && maxItems <= 0) return []
  const isNewest = offset < 0 && maxItems !== undefined
  if (isNewest) {
    const newest = await listTraced(jobs, tenant, maxItems)
    // An id that was used before has the place of its first use; only then is the whole list needed.
    const areNew = newest.every((record) => !readSurfaceNote(jobOf(record)).hasPredecessor)
    if (areNew) return newest
  }
  const all = latestById(await listTraced(jobs, tenant, MAX_ENTRIES))
  if (isNewest) return all.slice(-maxItems)
  return all.slice(Math.max(0, offset), maxItems === undefined ? undefined : Math.max(0, offset) + maxItems)
}

/** The newest ended record of a prompt id, or undefined. */
export async function findInHistory(
  jobs: JobLedger,
  tenant: string,
  promptId: string,
): Promise<JobRecord | undefined> {
  const latest = await jobs.find(tenant, Surface.SURFACE_COMFY, promptId)
  if (latest === undefined || TRACED_STATES.includes(latest.state)) return latest
  // While a prompt waits or runs, the history shows the earlier one of the same id.
  if (!readSurfaceNote(jobOf(latest)).hasPredecessor) return undefined
  const records = await listTraced(jobs, tenant, MAX_ENTRIES)
  return records.findLast((record) => jobOf(record).publicId === promptId)
}

/** All ended records of these prompt ids. */
export async function findEnded(
  jobs: JobLedger,
  tenant: string,
  promptIds: ReadonlySet<string>,
): Promise<JobRecord[]> {
  const records = await listTraced(jobs, tenant, undefined)
  return records.filter((record) => promptIds.has(jobOf(record).publicId))
}

/** All ended records. */
export function listTraced(jobs: JobLedger, tenant: string, limit: number | undefined): Promise<JobRecord[]> {
  const query = { tenant, surface: Surface.SURFACE_COMFY, states: TRACED_STATES }
  return jobs.list(limit === undefined ? query : { ...query, limit })
}

function latestById(records: readonly JobRecord[]): JobRecord[] {
  // A map keeps the place of the first and takes the value of the last.
  return [...new Map(records.map((record) => [jobOf(record).publicId, record])).values()]
}

/** One entry of the history. */
export function toHistoryEntry(record: JobRecord): ExactObject {
  const isDone = record.state === JobState.JOB_STATE_DONE
  const outputs = readOutputs(record)
  return new Map<string, ExactValue>([
    ['prompt', toQueueItem(record)],
    ['outputs', outputs],
    [
      'status',
      new Map<string, ExactValue>([
        ['status_str', isDone ? 'success' : 'error'],
        ['completed', isDone],
        ['messages', listMessages(record).map(({ type, data }) => [type, data])],
      ]),
    ],
    ['meta', new Map([...outputs.keys()].map((nodeId) => [nodeId, toMeta(nodeId)]))],
  ])
}

function listMessages(record: JobRecord): RunMessage[] {
  const promptId = jobOf(record).publicId
  if (record.startedAtMs === 0) return [toEndMessage(record)]
  return [
    toStartMessage(promptId, record.startedAtMs),
    toCachedMessage(promptId, record.result?.cachedNodeIds ?? [], record.startedAtMs),
    toEndMessage(record),
  ]
}

/** What the nodes of a run show, by node id; nodes that show nothing are left out. */
export function readOutputs(record: JobRecord): ExactObject {
  const outputs: ExactObject = new Map()
  for (const [nodeId, json] of Object.entries(record.result?.nodeOutputsJson ?? {})) {
    const output = json === '' ? null : parseExactJson(json)
    if (output !== null) outputs.set(nodeId, output)
  }
  return outputs
}

function toMeta(nodeId: string): ExactValue {
  return toExact({ node_id: nodeId, display_node: nodeId, parent_node: null, real_node_id: nodeId })
}
