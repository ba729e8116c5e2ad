import { parseExactJson, toExact, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { JobState, type JobError, type JobRecord } from '@atelier/proto'
import { classNameOf, graphOf, jobOf, nodeGraphOf } from '../job-view.ts'

/** A message of a run as the history and the websocket show it. */
export interface RunMessage {
  readonly type: string
  readonly data: ExactObject
}

/** `execution_start`. */
export function toStartMessage(promptId: string, timeMs: number): RunMessage {
  return toMessage('execution_start', { prompt_id: promptId, timestamp: timeMs })
}

/** `execution_cached`: always sent, also with an empty list. */
export function toCachedMessage(promptId: string, nodeIds: readonly string[], timeMs: number): RunMessage {
  return toMessage('execution_cached', { nodes: nodeIds, prompt_id: promptId, timestamp: timeMs })
}

/** Where a run stood when it ended, as far as it is known apart from the record. */
export interface LastPlace {
  readonly nodeId: string
  readonly executedNodeIds: readonly string[]
}

/** How a run ended: `execution_success`, `execution_interrupted` or `execution_error`. */
export function toEndMessage(record: JobRecord, lastPlace?: LastPlace): RunMessage {
  const promptId = jobOf(record).publicId
  if (record.state === JobState.JOB_STATE_DONE)
    return toMessage('execution_success', { prompt_id: promptId, timestamp: record.endedAtMs })
  const isInterrupt =
    record.state === JobState.JOB_STATE_INTERRUPTED || record.state === JobState.JOB_STATE_CANCELLED
  return isInterrupt ? toInterruptedMessage(record, lastPlace) : toErrorMessage(record, lastPlace)
}

function toInterruptedMessage(record: JobRecord, lastPlace: LastPlace | undefined): RunMessage {
  const nodeId = record.result?.interruptedNodeId || lastPlace?.nodeId || firstOutputOf(record)
  return toMessage('execution_interrupted', {
    prompt_id: jobOf(record).publicId,
    node_id: nodeId,
    node_type: classNameOf(graphOf(record), nodeId),
    executed: record.result?.executedNodeIds ?? lastPlace?.executedNodeIds ?? [],
    timestamp: record.endedAtMs,
  })
}

function toErrorMessage(record: JobRecord, lastPlace: LastPlace | undefined): RunMessage {
  const graph = graphOf(record)
  const error = record.error
  const nodeId = error?.nodeId || lastPlace?.nodeId || firstOutputOf(record)
  const executed = error?.executedNodeIds.length ? error.executedNodeIds : lastPlace?.executedNodeIds
  const message = toMessage('execution_error', {
    prompt_id: jobOf(record).publicId,
    node_id: nodeId,
    node_type: error?.nodeType || classNameOf(graph, nodeId),
    executed: executed ?? record.result?.executedNodeIds ?? [],
    exception_message: `${error?.message ?? describeState(record.state)}\n`,
    exception_type: error?.exceptionType || 'RuntimeError',
    traceback: error?.traceback ?? [],
  })
  message.data.set('current_inputs', readInputs(error))
  message.data.set('current_outputs', [...graph.keys()])
  message.data.set('timestamp', BigInt(record.endedAtMs))
  return message
}

function readInputs(error: JobError | undefined): ExactValue {
  if (error === undefined || error.currentInputsJson === '') return new Map()
  return parseExactJson(error.currentInputsJson)
}

function describeState(state: JobState): string {
  if (state === JobState.JOB_STATE_EXPIRED) return 'the prompt waited too long and was not run'
  if (state === JobState.JOB_STATE_REJECTED) return 'there was no room for the prompt'
  return 'the prompt could not be run'
}

function firstOutputOf(record: JobRecord): string {
  return nodeGraphOf(record).outputNodeIds[0] ?? ''
}

function toMessage(type: string, data: Parameters<typeof toExact>[0]): RunMessage {
  return { type, data: toExact(data) as ExactObject }
}
