import { isExactObject, toExact, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { JobState, type JobRecord } from '@atelier/proto'
import { OPEN_STATES } from '../../dispatch/job-states.ts'
import { readOutputs, toHistoryEntry } from './history.ts'
import { jobOf, readSurfaceNote, toQueueItem } from '../job-view.ts'
import { isPending } from './queue.ts'
import { toEndMessage } from '../run/run-messages.ts'

/** What has become of a prompt, in the words of ComfyUI's jobs. */
export type JobStatus = 'pending' | 'in_progress' | 'completed' | 'failed' | 'cancelled'

/** Kinds of outputs that a page can show. */
const PREVIEWABLE = new Set(['images', 'video', 'audio', 'gifs'])

/** What has become of a prompt. */
export function statusOf(record: JobRecord): JobStatus {
  if (isPending(record)) return 'pending'
  if (OPEN_STATES.includes(record.state)) return 'in_progress'
  if (record.state === JobState.JOB_STATE_DONE) return 'completed'
  const isCancelled =
    record.state === JobState.JOB_STATE_INTERRUPTED || record.state === JobState.JOB_STATE_CANCELLED
  return isCancelled ? 'cancelled' : 'failed'
}

/** The workflow a prompt was made from, as its page named it; empty: not told. */
export function workflowIdOf(record: JobRecord): string {
  const [, , , extraData] = toQueueItem(record)
  const id = memberAt(extraData, 'extra_pnginfo', 'workflow', 'id')
  return typeof id === 'string' ? id : ''
}

/** How long a prompt ran, milliseconds; 0 while it has not ended. */
export function durationOf({ startedAtMs, endedAtMs }: JobRecord): number {
  return startedAtMs > 0 && endedAtMs > 0 ? endedAtMs - startedAtMs : 0
}

/** A job of the list; what is not known is left out. Times are milliseconds since 1970 UTC. */
export function toListedJob(record: JobRecord): ExactObject {
  const { publicId, submittedAtMs } = jobOf(record)
  const [status, workflowId] = [statusOf(record), workflowIdOf(record)]
  const { count, previewable, preview } = summarizeOutputs(readOutputs(record))
  return new Map<string, ExactValue>([
    ['id', publicId],
    ['status', status],
    ['priority', readSurfaceNote(jobOf(record)).number],
    ['create_time', BigInt(submittedAtMs)],
    ...toTime('execution_start_time', record.startedAtMs),
    ...toTime('execution_end_time', record.endedAtMs),
    ...(status === 'failed' ? [['execution_error', toEndMessage(record).data] as const] : []),
    ['outputs_count', count],
    ['previewable_outputs_count', previewable],
    ...(preview === undefined ? [] : [['preview_output', preview] as const]),
    ...(workflowId === '' ? [] : [['workflow_id', workflowId] as const]),
  ])
}

/** A job with what it was and what it made. */
export function toWholeJob(record: JobRecord): ExactObject {
  const [, , prompt = null, extraData = null] = toQueueItem(record)
  const hasEnded = !OPEN_STATES.includes(record.state)
  return new Map<string, ExactValue>([
    ...toListedJob(record),
    ['outputs', readOutputs(record)],
    ...(hasEnded ? [['execution_status', toHistoryEntry(record).get('status') ?? null] as const] : []),
    [
      'workflow',
      new Map([
        ['prompt', prompt],
        ['extra_data', extraData],
      ]),
    ],
  ])
}

function toTime(name: string, timeMs: number): [string, ExactValue][] {
  return timeMs > 0 ? [[name, BigInt(timeMs)]] : []
}

interface OutputSummary {
  readonly count: bigint
  readonly previewable: bigint
  /** The first output to show: a kept one before a temporary one. */
  readonly preview: ExactObject | undefined
}

function summarizeOutputs(outputs: ExactObject): OutputSummary {
  const shown: ExactObject[] = []
  let count = 0
  for (const [nodeId, node] of outputs) {
    for (const [mediaType, items] of isExactObject(node) ? node : []) {
      // `animated` tells something of the pictures beside it.
      if (mediaType === 'animated' || !Array.isArray(items)) continue
      count += items.length
      if (!PREVIEWABLE.has(mediaType)) continue
      for (const item of items.filter(isExactObject))
        shown.push(new Map([...item, ['nodeId', nodeId], ['mediaType', mediaType]]))
    }
  }
  const preview = shown.find((item) => item.get('type') === 'output') ?? shown[0]
  return { count: BigInt(count), previewable: BigInt(shown.length), preview }
}

function memberAt(value: ExactValue | undefined, ...path: readonly string[]): ExactValue | undefined {
  let at = value
  for (const name of path) at = at !== undefined && isExactObject(at) ? at.get(name) : undefined
  return at
}

/** The body of a list of jobs. */
export function toJobsBody(
  records: readonly JobRecord[],
  { limit, offset }: { readonly limit: number; readonly offset: number },
): ExactObject {
  const page = records.slice(offset, offset + limit)
  const total = records.length
  return new Map<string, ExactValue>([
    ['jobs', page.map(toListedJob)],
    ['pagination', toExact({ offset, limit, total, has_more: offset + page.length < total })],
  ])
}
