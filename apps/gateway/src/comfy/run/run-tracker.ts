import { parseExactJson } from '@atelier/catalog/exact-json'
import {
  ImageFormat,
  JobState,
  type ImageReady,
  type JobEvent,
  type JobRecord,
  type NamedFile,
  type NodeEnd,
  type PreviewReady,
  type StepProgress,
} from '@atelier/proto'
import type { JobUpdate } from '../../dispatch/job-dispatcher.ts'
import { isEnded } from '../../dispatch/job-states.ts'
import type { FrameImage, RunFrame } from './frames.ts'
import { jobOf, nodeGraphOf } from '../job-view.ts'
import { NodeProgressTable } from './node-progress.ts'
import { toExecutedFrame, toImageFrames, toMessageFrame, toPlainFrame } from './run-frames.ts'
import { toCachedMessage, toEndMessage, toStartMessage, type LastPlace } from './run-messages.ts'

/** Before the first step of a node. */
const NO_STEP = { nodeId: '', step: 0, isPictured: true }

/**
 * Turns what is heard of one prompt into the frames ComfyUI sends, in its order. Progress may be lost on the way:
 * what is missing at the end is made up from the record, and nothing is shown twice in one execution.
 */
export class RunTracker {
  readonly promptId: string
  readonly clientId: string
  readonly #jobId: string
  #epoch = 0
  #isQueueTold = false
  #isRunTold = false
  /** The opening of this epoch has been sent, or was missed because it happened before anybody listened. */
  #isOpened = false
  #nodes: NodeProgressTable
  #nodeId: string | undefined
  #executedNodeIds: string[] = []
  #shownNodeIds = new Set<string>()
  #sentImages = new Map<string, number>()
  #preview: FrameImage | undefined
  #stepped = NO_STEP
  #isEnded = false

  constructor(record: JobRecord) {
    const { id, publicId, clientId } = jobOf(record)
    this.#jobId = id
    this.promptId = publicId
    this.clientId = clientId
    this.#nodes = new NodeProgressTable(publicId)
  }

  /** A tracker for a prompt that was under way before anybody listened: its past is not told again. */
  static joinLate(record: JobRecord, nodeId: string | undefined): RunTracker {
    const tracker = new RunTracker(record)
    tracker.#isQueueTold = true
    tracker.#isRunTold = record.state !== JobState.JOB_STATE_QUEUED
    tracker.#isOpened = nodeId !== undefined || isEnded(record.state)
    tracker.#epoch = record.epoch
    tracker.#nodeId = nodeId
    return tracker
  }

  /** The node that runs now; undefined: none. */
  get nodeId(): string | undefined {
    return this.#nodeId
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** The frames an update calls for, in order. */
  take(update: JobUpdate): RunFrame[] {
    if (this.#isEnded) return []
    const frames = update.kind === 'record' ? this.#takeRecord(update.record) : this.#takeEvent(update.event)
    return frames.map((frame) =>
      frame.kind === 'json' && frame.isKept ? { ...frame, jobId: this.#jobId } : frame,
    )
  }

  #takeRecord(record: JobRecord): RunFrame[] {
    const frames: RunFrame[] = []
    if (!this.#isQueueTold) frames.push({ kind: 'status' })
    this.#isQueueTold = true
    if (record.epoch > this.#epoch) this.#beginEpoch(record.epoch)
    const hasRun = record.epoch > 0
    if (hasRun && !this.#isRunTold) {
      frames.push({ kind: 'status' })
      this.#isRunTold = true
    }
    if (isEnded(record.state)) frames.push(...this.#close(record))
    return frames
  }

  /** Another execution begins: what the one before showed counts no longer. */
  #beginEpoch(epoch: number): void {
    this.#epoch = epoch
    this.#isOpened = false
    this.#nodes = new NodeProgressTable(this.promptId)
    this.#nodeId = undefined
    this.#executedNodeIds = []
    this.#shownNodeIds = new Set()
    this.#sentImages = new Map()
    this.#preview = undefined
    this.#stepped = NO_STEP
  }

  #takeEvent(event: JobEvent): RunFrame[] {
    if (event.epoch < this.#epoch) return []
    if (event.epoch > this.#epoch) this.#beginEpoch(event.epoch)
    const happened = event.event
    switch (happened?.$case) {
      case 'jobStart':
        return this.#open(event.timeMs, happened.value.cachedNodeIds)
      case 'nodeStart':
        return [...this.#open(event.timeMs, []), ...this.#startNode(happened.value.nodeId)]
      case 'stepProgress':
        return [...this.#open(event.timeMs, []), ...this.#step(happened.value)]
      case 'previewReady':
        return this.#takePreview(happened.value)
      case 'imageReady':
        return [...this.#open(event.timeMs, []), ...this.#showImage(happened.value)]
      case 'nodeEnd':
        return [...this.#open(event.timeMs, []), ...this.#endNode(happened.value)]
      case 'nodeText': {
        const { nodeId, text } = happened.value
        return [{ kind: 'text', audience: 'watchers', nodeId, text }]
      }
      default:
        return []
    }
  }

  #open(timeMs: number, cachedNodeIds: readonly string[]): RunFrame[] {
    if (this.#isOpened) return []
    this.#isOpened = true
    return [
      toMessageFrame(toStartMessage(this.promptId, timeMs), 'owner'),
      toMessageFrame(toCachedMessage(this.promptId, cachedNodeIds, timeMs), 'owner'),
    ]
  }

  #startNode(nodeId: string): RunFrame[] {
    this.#nodeId = nodeId
    this.#stepped = NO_STEP
    const data = { node: nodeId, display_node: nodeId, prompt_id: this.promptId }
    return [this.#nodes.start(nodeId), toPlainFrame('executing', data)]
  }

  #step({ nodeId, step, totalSteps }: StepProgress): RunFrame[] {
    const preview = this.#preview
    this.#preview = undefined
    this.#stepped = { nodeId, step, isPictured: preview !== undefined }
    return this.#advance({
      nodeId,
      value: Math.min(step, totalSteps),
      max: totalSteps,
      image: preview,
      isLossy: true,
    })
  }

  /** A preview is sent with its step; one that comes after it, at once. */
  #takePreview(preview: PreviewReady): RunFrame[] {
    const image = this.#toPreview(preview)
    const { nodeId, step, isPictured } = this.#stepped
    if (!isPictured && nodeId === preview.nodeId && step >= preview.step) {
      this.#stepped = { nodeId, step, isPictured: true }
      return [...toImageFrames(image, 'flagged', true), ...toImageFrames(image, 'unflagged', true)]
    }
    this.#preview = image
    return []
  }

  #toPreview({ data, format, nodeId }: PreviewReady): FrameImage {
    const mediaType = format === ImageFormat.IMAGE_FORMAT_PNG ? 'image/png' : 'image/jpeg'
    return { source: data, mediaType, nodeId, promptId: this.promptId }
  }

  #showImage({ file, index, count }: ImageReady): RunFrame[] {
    const blob = file?.blob
    if (file === undefined || blob === undefined) return []
    const { nodeId } = file
    this.#sentImages.set(nodeId, Math.max(index + 1, this.#sentImages.get(nodeId) ?? 0))
    const image = { source: blob, mediaType: blob.mediaType, nodeId, promptId: this.promptId }
    return this.#advance({ nodeId, value: index, max: count, image, isLossy: false })
  }

  #advance(progress: {
    nodeId: string
    value: number
    max: number
    image: FrameImage | undefined
    isLossy: boolean
  }): RunFrame[] {
    const { nodeId, value, max, image, isLossy } = progress
    const data = { value, max, prompt_id: this.promptId, node: nodeId }
    return [
      this.#nodes.step(nodeId, value, max),
      ...toImageFrames(image, 'flagged', isLossy),
      toPlainFrame('progress', data, 'watchers'),
      ...toImageFrames(image, 'unflagged', isLossy),
    ]
  }

  #endNode({ nodeId, outputJson, cached }: NodeEnd): RunFrame[] {
    this.#shownNodeIds.add(nodeId)
    const output = outputJson === '' ? null : parseExactJson(outputJson)
    if (cached) return [toExecutedFrame(this.promptId, nodeId, output), this.#nodes.finishCached(nodeId)]
    this.#executedNodeIds.push(nodeId)
    const finished = this.#nodes.finish(nodeId)
    return output === null ? [finished] : [toExecutedFrame(this.promptId, nodeId, output), finished]
  }

  #close(record: JobRecord): RunFrame[] {
    this.#isEnded = true
    if (record.epoch === 0) return [{ kind: 'status' }]
    const lastPlace: LastPlace | undefined =
      this.#nodeId === undefined
        ? undefined
        : { nodeId: this.#nodeId, executedNodeIds: this.#executedNodeIds }
    const opening = this.#open(record.startedAtMs, record.result?.cachedNodeIds ?? [])
    const missing = record.state === JobState.JOB_STATE_DONE ? this.#showMissing(record) : []
    const end = toEndMessage(record, lastPlace)
    // ComfyUI tells everybody of an interrupt where the prompt has no client.
    const audience = end.type === 'execution_interrupted' ? 'watchers' : 'owner'
    this.#nodeId = undefined
    return [
      ...opening,
      ...missing,
      { ...toMessageFrame(end, audience), isKept: true },
      { kind: 'status' },
      { ...toPlainFrame('executing', { node: null, prompt_id: this.promptId }), isKept: true },
    ]
  }

  /** Outputs whose events were lost. */
  #showMissing(record: JobRecord): RunFrame[] {
    const outputs = record.result?.nodeOutputsJson ?? {}
    return nodeGraphOf(record).outputNodeIds.flatMap((nodeId) => {
      if (this.#shownNodeIds.has(nodeId)) return []
      this.#shownNodeIds.add(nodeId)
      const images = this.#showMissingImages(nodeId, record.result?.files ?? [])
      const json = outputs[nodeId]
      const executed =
        json === undefined || json === ''
          ? []
          : [toExecutedFrame(this.promptId, nodeId, parseExactJson(json))]
      if (images.length > 0) return [...images, ...executed, this.#nodes.finish(nodeId)]
      return executed.length === 0 ? [] : [...executed, this.#nodes.finishCached(nodeId)]
    })
  }

  /** Pictures that have no name in a folder were meant for the websocket. */
  #showMissingImages(nodeId: string, files: readonly NamedFile[]): RunFrame[] {
    const nameless = files.filter((file) => file.nodeId === nodeId && file.name === '')
    const first = this.#sentImages.get(nodeId) ?? 0
    if (first >= nameless.length) return []
    const start = first === 0 ? this.#startNode(nodeId) : []
    const images = nameless
      .slice(first)
      .flatMap((file, offset) => this.#showImage({ file, index: first + offset, count: nameless.length }))
    return [...start, ...images]
  }
}
