import { parseExactJson, toPlain } from '@atelier/catalog/exact-json'
import { JobEvent, JobRecord, JobState, NamedFile, type BlobRef } from '@atelier/proto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { RunFrame } from './frames.ts'
import { replayRun } from './replay-run.ts'
import { RunTracker } from './run-tracker.ts'
import type { Happening } from '../test-kit/scripted-dispatcher.ts'

const GRAPH = {
  '1': { class_type: 'EmptyImage', inputs: {} },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0] } },
  '3': { class_type: 'SaveImageWebsocket', inputs: { images: ['1', 0] } },
}

function record(state: JobState, change: Partial<JobRecord> = {}): JobRecord {
  const job = {
    ...{ id: 'job', publicId: 'prompt', clientId: 'client', tenant: 'open' },
    kind: {
      $case: 'nodeGraph' as const,
      value: { graphJson: JSON.stringify(GRAPH), outputNodeIds: ['2', '3'], extraDataJson: '{}' },
    },
  }
  const epoch = state === JobState.JOB_STATE_QUEUED ? 0 : 1
  return JobRecord.fromPartial({ job, state, epoch, startedAtMs: 1_000, endedAtMs: 2_000, ...change })
}

/** A frame in a few letters: executing 1 is "X1", progress of node 1 "P1:2/3", and so on. */
function sketch(frame: RunFrame): string {
  if (frame.kind === 'status') return 'status'
  if (frame.kind === 'image') return `image(${frame.receivers})`
  if (frame.kind === 'text') return `text ${frame.text}`
  const { type, data } = toPlain(parseExactJson(frame.text)) as {
    type: string
    data: Record<string, unknown> & { nodes?: Record<string, { state: string }> }
  }
  if (type === 'executing') return `X${String(data['node'])}`
  if (type === 'progress') return `P${String(data['node'])}:${String(data['value'])}/${String(data['max'])}`
  if (type === 'progress_state')
    return `S${Object.entries(data.nodes ?? {})
      .map(([id, { state }]) => `${id}${state.charAt(0)}`)
      .join(',')}`
  if (type === 'executed') return `D${String(data['node'])}`
  if (type === 'execution_cached') return `cached[${String(data['nodes'])}]`
  return type.replace('execution_', '')
}

describe('RunTracker', () => {
  let tracker: RunTracker
  const take = (state: JobState, change: Partial<JobRecord> = {}) =>
    tracker.take({ kind: 'record', record: record(state, change) }).map(sketch)
  const happen = (event: Happening, epoch = 1) => {
    const told = JobEvent.fromPartial({ jobId: 'job', epoch, timeMs: 1_500, event })
    return tracker
      .take({ kind: 'event', record: record(JobState.JOB_STATE_RUNNING), event: told })
      .map(sketch)
  }
  const start: Happening = { $case: 'jobStart', value: { cachedNodeIds: ['1'], passCount: 1 } }
  const begin = (nodeId: string): Happening => ({ $case: 'nodeStart', value: { nodeId } })
  const end = (nodeId: string, outputJson = ''): Happening => ({
    $case: 'nodeEnd',
    value: { nodeId, outputJson, cached: false },
  })
  const step = (nodeId: string, value: number): Happening => ({
    $case: 'stepProgress',
    value: { nodeId, step: value, totalSteps: 3, passIndex: 0 },
  })
  const preview = (nodeId: string, value: number): Happening => ({
    $case: 'previewReady',
    value: { format: 2, data: new Uint8Array(), width: 8, height: 8, nodeId, step: value },
  })
  const done = (result: object) => take(JobState.JOB_STATE_DONE, { result: result as never })

  beforeEach(() => {
    tracker = new RunTracker(record(JobState.JOB_STATE_QUEUED))
  })

  it('tells the queue when a prompt enters it and when it is taken out to run', () => {
    expect(take(JobState.JOB_STATE_QUEUED)).toEqual(['status'])
    expect(take(JobState.JOB_STATE_RUNNING)).toEqual(['status'])
    expect(take(JobState.JOB_STATE_CANCELLING)).toEqual([])
  })

  it('tells only the queue of a prompt that is taken back', () => {
    take(JobState.JOB_STATE_QUEUED)
    expect(take(JobState.JOB_STATE_CANCELLED, { epoch: 0 })).toEqual(['status'])
    expect(tracker.isEnded).toBe(true)
  })

  it('makes up the whole run from the record when every event was lost', () => {
    const frames = take(JobState.JOB_STATE_DONE, {
      result: { cachedNodeIds: ['1'], nodeOutputsJson: { '2': '{"images": []}' }, files: [] } as never,
    })
    expect(frames).toEqual([
      ...['status', 'status', 'start', 'cached[1]'],
      ...['D2', 'S2f', 'success', 'status', 'Xnull'],
    ])
  })

  it('makes up the opening when the first events were lost, once', () => {
    take(JobState.JOB_STATE_RUNNING)
    expect(happen(begin('2'))).toEqual(['start', 'cached[]', 'S2r', 'X2'])
    expect(happen(start)).toEqual([])
  })

  it('shows no output twice', () => {
    take(JobState.JOB_STATE_RUNNING)
    happen(start)
    happen(begin('2'))
    expect(happen(end('2', '{"images": []}'))).toEqual(['D2', 'S2f'])
    const frames = done({ nodeOutputsJson: { '2': '{"images": []}' } })
    expect(frames).toEqual(['success', 'status', 'Xnull'])
  })

  it('sends a preview before its step to clients that know metadata and after it to the others', () => {
    happen(start)
    happen(begin('1'))
    expect(happen(preview('1', 1))).toEqual([])
    expect(happen(step('1', 1))).toEqual(['S1r', 'image(flagged)', 'P1:1/3', 'image(unflagged)'])
    expect(happen(step('1', 2))).toEqual(['S1r', 'P1:2/3'])
  })

  it('sends a preview that comes after its step at once', () => {
    happen(start)
    happen(begin('1'))
    happen(step('1', 1))
    expect(happen(preview('1', 1))).toEqual(['image(flagged)', 'image(unflagged)'])
  })

  it('sends the previews of steps beyond the last one, which count as the last', () => {
    happen(start)
    happen(begin('1'))
    for (const value of [3, 4, 5]) {
      happen(preview('1', value))
      expect(happen(step('1', value))).toEqual(['S1r', 'image(flagged)', 'P1:3/3', 'image(unflagged)'])
    }
  })

  it('sends pictures for the websocket whose announcements were lost, where the others left off', () => {
    const blob = (n: number): BlobRef => ({ key: `${n}`, sizeBytes: 1, sha256: '', mediaType: 'image/png' })
    const files = [0, 1, 2].map((n) => NamedFile.fromPartial({ nodeId: '3', blob: blob(n) }))
    take(JobState.JOB_STATE_RUNNING)
    happen(start)
    happen(begin('3'))
    happen({ $case: 'imageReady', value: { file: files[0], index: 0, count: 3 } })
    expect(done({ files })).toEqual([
      ...['S3r', 'image(flagged)', 'P3:1/3', 'image(unflagged)'],
      ...['S3r', 'image(flagged)', 'P3:2/3', 'image(unflagged)'],
      ...['S3f', 'success', 'status', 'Xnull'],
    ])
  })

  it('begins anew when the prompt is run again after its engine died', () => {
    take(JobState.JOB_STATE_RUNNING)
    happen(start)
    happen(begin('2'))
    happen(end('2', '{}'))
    take(JobState.JOB_STATE_QUEUED, { epoch: 1 })
    expect(take(JobState.JOB_STATE_RUNNING, { epoch: 2 })).toEqual([])
    expect(happen(begin('1'), 1), 'a straggler of the first run').toEqual([])
    expect(happen(start, 2)).toEqual(['start', 'cached[1]'])
    expect(happen(begin('2'), 2)).toEqual(['S2r', 'X2'])
  })

  it('says where a run was stopped, by its own knowledge when the record does not', () => {
    take(JobState.JOB_STATE_RUNNING)
    happen(start)
    happen(begin('1'))
    happen(end('1'))
    happen(begin('2'))
    const [interrupted] = tracker.take({ kind: 'record', record: record(JobState.JOB_STATE_INTERRUPTED) })
    const message = JSON.parse((interrupted as { text: string }).text) as { data: object }
    expect(message.data).toMatchObject({
      node_id: '2',
      node_type: 'SaveImage',
      executed: ['1'],
      timestamp: 2000,
    })
  })

  it('says how a run failed, in the words of the error', () => {
    const error = { message: 'it broke', nodeId: '1', nodeType: 'EmptyImage', exceptionType: 'ValueError' }
    take(JobState.JOB_STATE_RUNNING)
    happen(start)
    const frames = tracker.take({
      kind: 'record',
      record: record(JobState.JOB_STATE_FAILED, { error: error as never }),
    })
    expect(JSON.parse((frames[0] as { text: string }).text)).toEqual({
      type: 'execution_error',
      data: {
        ...{ prompt_id: 'prompt', node_id: '1', node_type: 'EmptyImage', executed: [], traceback: [] },
        ...{ exception_message: 'it broke\n', exception_type: 'ValueError' },
        ...{ current_inputs: {}, current_outputs: ['1', '2', '3'], timestamp: 2000 },
      },
    })
    expect(frames.slice(1).map(sketch)).toEqual(['status', 'Xnull'])
  })

  it('hears nothing after the end', () => {
    take(JobState.JOB_STATE_DONE)
    expect(happen(begin('1'))).toEqual([])
    expect(take(JobState.JOB_STATE_DONE)).toEqual([])
  })

  it('does not tell the past of a run it joins late', () => {
    tracker = RunTracker.joinLate(record(JobState.JOB_STATE_RUNNING), '1')
    expect(tracker.nodeId).toBe('1')
    expect(happen(step('1', 2))).toEqual(['S1r', 'P1:2/3'])
    expect(done({})).toEqual(['success', 'status', 'Xnull'])
  })

  it('opens a run it joins before its first event', () => {
    tracker = RunTracker.joinLate(record(JobState.JOB_STATE_RUNNING), undefined)
    expect(happen(start)).toEqual(['start', 'cached[1]'])
  })

  it('keeps for absent clients what tells how a run ended', () => {
    take(JobState.JOB_STATE_RUNNING)
    const frames = tracker.take({
      kind: 'record',
      record: record(JobState.JOB_STATE_DONE, { result: { nodeOutputsJson: { '2': '{}' } } as never }),
    })
    const kept = frames.filter((frame) => frame.kind === 'json' && frame.isKept)
    expect(kept.map(sketch)).toEqual(['D2', 'success', 'Xnull'])
  })
})

describe('replayRun', () => {
  it('shows an ended run as one whose every node was cached', () => {
    const ended = record(JobState.JOB_STATE_DONE, {
      result: { nodeOutputsJson: { '2': '{"images": []}' } } as never,
    })
    expect(replayRun(ended, 5_000).map(sketch)).toEqual([
      ...['start', 'cached[1,2,3]', 'D2', 'S2f', 'success', 'Xnull'],
    ])
  })
})
