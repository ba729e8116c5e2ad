import type { JobRecord } from '@atelier/proto'
import type { RunFrame } from './frames.ts'
import { graphOf, jobOf } from '../job-view.ts'
import { toMessageFrame } from './run-frames.ts'
import { toCachedMessage, toStartMessage } from './run-messages.ts'
import { RunTracker } from './run-tracker.ts'

/** The frames that show the end of an ended run once more, as a run whose every node was cached. */
export function replayRun(record: JobRecord, timeMs: number): RunFrame[] {
  const tracker = RunTracker.joinLate(record, undefined)
  const promptId = jobOf(record).publicId
  const opening = [
    toMessageFrame(toStartMessage(promptId, timeMs), 'owner'),
    toMessageFrame(toCachedMessage(promptId, [...graphOf(record).keys()], timeMs), 'owner'),
  ]
  const closing = tracker.take({ kind: 'record', record: { ...record, endedAtMs: timeMs } })
  return [...opening, ...closing.filter(({ kind }) => kind !== 'status')]
}
