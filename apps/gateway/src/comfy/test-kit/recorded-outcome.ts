import type { JobOutcome } from '@atelier/ledger'
import { JobError, JobResult } from '@atelier/proto'

/** A history entry of a recording. */
export interface RecordedEntry {
  readonly prompt: readonly unknown[]
  readonly outputs: Readonly<Record<string, unknown>>
  readonly status: { readonly messages: readonly (readonly [string, Record<string, unknown>])[] }
}

/** How a job must end for its history entry to be the recorded one. */
export function toRecordedOutcome(entry: RecordedEntry): JobOutcome {
  const messages = new Map(entry.status.messages)
  const outputs = Object.entries(entry.outputs).map(([nodeId, output]) => [
    nodeId,
    fill(JSON.stringify(output)),
  ])
  const result = JobResult.fromPartial({
    cachedNodeIds: (messages.get('execution_cached')?.['nodes'] as string[] | undefined) ?? [],
    nodeOutputsJson: Object.fromEntries(outputs) as Record<string, string>,
  })
  const interrupted = messages.get('execution_interrupted')
  if (interrupted !== undefined) {
    result.interruptedNodeId = interrupted['node_id'] as string
    result.executedNodeIds = interrupted['executed'] as string[]
    return { kind: 'interrupted', result }
  }
  const error = messages.get('execution_error')
  return error === undefined
    ? { kind: 'done', result }
    : { kind: 'failed', error: toRecordedError(error), result }
}

/** The error of a recorded `execution_error` message. */
export function toRecordedError(message: Record<string, unknown>): JobError {
  return JobError.fromPartial({
    code: 'node-failed',
    message: (message['exception_message'] as string).replace(/\n$/, ''),
    exceptionType: message['exception_type'] as string,
    nodeId: message['node_id'] as string,
    nodeType: message['node_type'] as string,
    executedNodeIds: message['executed'] as string[],
    currentInputsJson: JSON.stringify(message['current_inputs']),
    traceback: ['here'],
  })
}

/** Random letters were drawn by the original; any will do. */
export function fill(text: string): string {
  return text.replaceAll('<RAND5>', 'abcde')
}
