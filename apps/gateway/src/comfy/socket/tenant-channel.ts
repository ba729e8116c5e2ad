import { JobState, Surface, type JobRecord } from '@atelier/proto'
import { toExact } from '@atelier/catalog/exact-json'
import type { GatewayDeps } from '../../deps.ts'
import type { JobUpdate } from '../../dispatch/job-dispatcher.ts'
import type { ClientSocket } from './client-socket.ts'
import {
  encodeImage,
  encodeImageWithMetadata,
  encodeNodeText,
  formatMessage,
  formatStatus,
  type Audience,
  type FrameImage,
  type RunFrame,
} from '../run/frames.ts'
import { jobOf } from '../job-view.ts'
import { listTraced } from '../queue/history.ts'
import { KEEP_MISSED_MS, MissedFrames } from './missed-frames.ts'
import { listOpen } from '../queue/queue.ts'
import { RunLane } from '../run/run-lane.ts'
import { replayRun } from '../run/replay-run.ts'
import { RunTracker } from '../run/run-tracker.ts'
import type { ShownEnds } from './shown-ends.ts'

/** Ended prompts looked through for ends that were missed. */
const MISSED_LIMIT = 200

/** Everything one tenant's sockets hear of: its prompts, and the length of its queue. */
export class TenantChannel {
  readonly #deps: GatewayDeps
  readonly #tenant: string
  readonly #sockets = new Map<string, ClientSocket>()
  readonly #runs = new Map<string, RunTracker>()
  readonly #lanes = new Map<string, RunLane>()
  readonly #missed: MissedFrames
  readonly #shown: ShownEnds
  /** Prompts whose end need not be told. */
  readonly #cleared = new Set<string>()
  /** Prompts that had ended before anybody listened: their last events may still come. */
  readonly #past = new Set<string>()
  readonly #unsubscribe: () => void
  /** Resolves when the prompts that were under way before are known. */
  readonly #ready: Promise<void>

  constructor(deps: GatewayDeps, tenant: string, shown: ShownEnds) {
    this.#deps = deps
    this.#tenant = tenant
    this.#missed = new MissedFrames(deps.now)
    this.#shown = shown
    const filter = { tenant, surface: Surface.SURFACE_COMFY, previews: true }
    this.#unsubscribe = deps.dispatcher.subscribe(filter, (update) => this.#hear(update))
    this.#ready = this.#readOpen().then(() => this.#readMissed())
  }

  /** Lets a socket in: it hears its id and the queue's length, what it missed, and which of its nodes runs now. */
  async connect(client: ClientSocket): Promise<void> {
    await this.#ready
    this.#sockets.set(client.sid, client)
    const running = [...this.#runs.values()].find(({ clientId, nodeId }) => clientId === client.sid && nodeId)
    const executing =
      running === undefined ? [] : [formatMessage('executing', toExact({ node: running.nodeId }))]
    const missed = client.isNamed ? this.#missed.take(client.sid) : []
    client.start([formatStatus(this.#runs.size, client.sid), ...missed, ...executing])
  }

  /** Forgets a socket that closed, unless another one has taken its place meanwhile. */
  disconnect(client: ClientSocket): void {
    if (this.#sockets.get(client.sid) === client) this.#sockets.delete(client.sid)
  }

  get isEmpty(): boolean {
    return this.#sockets.size === 0
  }

  ping(): void {
    for (const socket of this.#sockets.values()) socket.ping()
  }

  /** Forgets a prompt's missed end: its client has heard it at another gateway. */
  dropMissed(clientId: string, jobId: string): void {
    this.#missed.drop(clientId, jobId)
  }

  /** Forgets prompts that are taken out of the queue together, and tells its length once. */
  clear(jobIds: readonly string[]): void {
    for (const id of jobIds) {
      this.#runs.delete(id)
      this.#cleared.add(id)
    }
    this.#tellStatus()
  }

  #tellStatus(): void {
    const text = formatStatus(this.#runs.size)
    for (const socket of this.#sockets.values()) socket.send(text)
  }

  /** Shows the end of a prompt that was submitted again after it had succeeded. */
  replay(record: JobRecord): void {
    const job = jobOf(record)
    this.#name(job.clientId)
    // Under an id of its own: the run itself ended long ago.
    this.#speak(`replay/${job.id}`, job.clientId, replayRun(record, this.#deps.now()), true)
  }

  close(): void {
    this.#unsubscribe()
    this.#sockets.clear()
  }

  async #readOpen(): Promise<void> {
    try {
      for (const record of await listOpen(this.#deps.store.jobs, this.#tenant)) {
        const { id } = jobOf(record)
        if (this.#runs.has(id)) continue
        const nodeId = this.#deps.dispatcher.progress(this.#tenant, id)?.nodeId
        this.#runs.set(id, RunTracker.joinLate(record, nodeId))
      }
    } catch (error) {
      const message = 'open prompts cannot be listed; sockets learn of them as they change'
      this.#deps.logger.warn({ err: error }, message)
    }
  }

  /** Prompts that ended a moment ago, while their clients had no socket at any gateway. */
  async #readMissed(): Promise<void> {
    const oldest = this.#deps.now() - KEEP_MISSED_MS
    try {
      for (const record of await listTraced(this.#deps.store.jobs, this.#tenant, MISSED_LIMIT)) {
        const { id, clientId } = jobOf(record)
        if (clientId === '' || record.endedAtMs < oldest || this.#shown.has(id) || this.#runs.has(id))
          continue
        this.#past.add(id)
        for (const frame of RunTracker.joinLate(record, undefined).take({ kind: 'record', record }))
          if (frame.kind === 'json' && frame.isKept) this.#missed.keep(clientId, frame.text, id)
      }
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'ended prompts cannot be listed; their clients miss the ends')
    }
  }

  #hear(update: JobUpdate): void {
    const { id, clientId } = jobOf(update.record)
    const isCleared = this.#cleared.delete(id) && update.record.state === JobState.JOB_STATE_CANCELLED
    if (isCleared || this.#past.has(id)) return
    const run = this.#runs.get(id) ?? new RunTracker(update.record)
    this.#name(clientId)
    this.#runs.set(id, run)
    const frames = run.take(update)
    // An ended prompt counts no longer when its end is told.
    if (run.isEnded) this.#runs.delete(id)
    this.#speak(id, clientId, frames, run.isEnded)
    const isPutBack = update.kind === 'record' && update.record.state === JobState.JOB_STATE_QUEUED
    if (isPutBack) this.#deliverAll(clientId, this.#lanes.get(clientId)?.release(id) ?? [])
  }

  /** A client that submits with the id it was given has made it its own. */
  #name(clientId: string): void {
    this.#sockets.get(clientId)?.name()
  }

  #speak(jobId: string, clientId: string, frames: readonly RunFrame[], isEnded: boolean): void {
    const isSilent = frames.every(({ kind }) => kind === 'status')
    const known = this.#lanes.get(clientId)
    // A prompt that has not begun must not keep others from speaking.
    if (isSilent && known === undefined) return this.#deliverAll(clientId, frames)
    if (isSilent && !isEnded) return this.#deliverAll(clientId, frames)
    const lane = known ?? new RunLane()
    this.#lanes.set(clientId, lane)
    this.#deliverAll(clientId, lane.take(jobId, frames, isEnded))
    if (isEnded && clientId !== '' && this.#sockets.has(clientId))
      this.#deps.comfyNotices?.tell({ kind: 'end-shown', tenant: this.#tenant, clientId, jobId })
    if (lane.isIdle) this.#lanes.delete(clientId)
  }

  #deliverAll(clientId: string, frames: readonly RunFrame[]): void {
    for (const frame of frames) this.#deliver(clientId, frame)
  }

  #deliver(clientId: string, frame: RunFrame): void {
    if (frame.kind === 'status') return this.#tellStatus()
    const receivers = this.#receivers(clientId, frame.audience)
    if (frame.kind === 'json') {
      for (const socket of receivers) socket.send(frame.text, frame.isLossy)
      if (receivers.length === 0 && frame.isKept && clientId !== '')
        this.#missed.keep(clientId, frame.text, frame.jobId ?? '')
    } else if (frame.kind === 'text') {
      const bytes = encodeNodeText(frame.nodeId, frame.text)
      for (const socket of receivers) socket.send(bytes)
    } else {
      const isForFlagged = frame.receivers === 'flagged'
      // Without a client of its own a prompt's pictures go out in the form everybody understands.
      const wanted = receivers.filter(
        (socket) => (clientId !== '' && socket.supportsPreviewMetadata) === isForFlagged,
      )
      if (wanted.length === 0) return
      const bytes = this.#encode(frame.image, isForFlagged)
      for (const socket of wanted) socket.send(bytes, frame.isLossy)
    }
  }

  #receivers(clientId: string, audience: Audience): ClientSocket[] {
    const all = [...this.#sockets.values()]
    if (clientId !== '') return all.filter(({ sid }) => sid === clientId)
    return audience === 'watchers' ? all : all.filter(({ isNamed }) => !isNamed)
  }

  #encode(image: FrameImage, withMetadata: boolean): Uint8Array | Promise<Uint8Array | undefined> {
    const { source } = image
    const encode = (bytes: Uint8Array) =>
      withMetadata ? encodeImageWithMetadata(bytes, image) : encodeImage(bytes, image.mediaType)
    if (source instanceof Uint8Array) return encode(source)
    return this.#deps.store.blobs
      .read(source)
      .then((bytes) => bytes && encode(bytes))
      .catch((error: unknown) => {
        this.#deps.logger.error({ err: error, key: source.key }, 'a picture for a websocket cannot be read')
        return undefined
      })
  }
}
