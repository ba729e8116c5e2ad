import type { JobRecord } from '@atelier/proto'
import type { JobLedger, NoticeBoard } from '@atelier/ledger'

/** What gateways tell each other's websockets, beside what the ledger tells everyone. */
export type ComfyNotice =
  /** These jobs are taken out of the queue together: its length is told once, also when nothing was in it. */
  | { readonly kind: 'queue-cleared'; readonly tenant: string; readonly jobIds: readonly string[] }
  /** A job that has ended was submitted again: its end is shown once more. */
  | { readonly kind: 'replay'; readonly record: JobRecord }
  /** A client has heard how its job ended: nobody need keep that for it. */
  | { readonly kind: 'end-shown'; readonly tenant: string; readonly clientId: string; readonly jobId: string }

/** A notice as it goes from gateway to gateway: records are read again, not sent. */
type Posted =
  | Exclude<ComfyNotice, { kind: 'replay' }>
  | { readonly kind: 'replay'; readonly tenant: string; readonly jobId: string }

const TOPIC = 'comfy'

/** What joins the gateways of an installation. */
export interface NoticeLink {
  readonly board: NoticeBoard
  readonly jobs: Pick<JobLedger, 'read'>
  /** Tells this gateway's own notices from others'. */
  readonly origin: string
}

/** Carries notices from the routes of a gateway to its websocket hub, and to those of the other gateways. */
export class ComfyNotices {
  readonly #listeners = new Set<(notice: ComfyNotice) => void>()
  readonly #link: NoticeLink | undefined
  readonly #unlisten: (() => void) | undefined

  /** Without a link the gateway is alone. */
  constructor(link?: NoticeLink) {
    this.#link = link
    // One of another version may say what nobody here understands; notices may be lost.
    this.#unlisten = link?.board.listen(TOPIC, (posted) => void this.#receive(posted).catch(() => undefined))
  }

  /** Hears every notice until the returned function is called. */
  subscribe(listener: (notice: ComfyNotice) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tells this gateway's listeners at once, and the others'. */
  tell(notice: ComfyNotice): void {
    this.#tellHere(notice)
    const { board, origin } = this.#link ?? {}
    board?.tell(TOPIC, { origin, posted: toPosted(notice) })
  }

  /** Stops hearing other gateways. */
  close(): void {
    this.#unlisten?.()
    this.#listeners.clear()
  }

  async #receive(message: unknown): Promise<void> {
    const { origin, posted } = message as { origin?: string; posted?: Posted }
    if (origin === this.#link?.origin || posted === undefined) return
    if (posted.kind !== 'replay') return this.#tellHere(posted)
    const record = await this.#link?.jobs.read(posted.tenant, posted.jobId).catch(() => undefined)
    if (record !== undefined) this.#tellHere({ kind: 'replay', record })
  }

  #tellHere(notice: ComfyNotice): void {
    for (const listener of [...this.#listeners]) listener(notice)
  }
}

function toPosted(notice: ComfyNotice): Posted {
  if (notice.kind !== 'replay') return notice
  const { tenant = '', id = '' } = notice.record.job ?? {}
  return { kind: 'replay', tenant, jobId: id }
}
