import type { JobRecord } from '@atelier/proto'

/** What the routes of this surface tell its sockets directly. */
export type ComfyNotice =
  /** These jobs are taken out of the queue together: its length is told once, also when nothing was in it. */
  | { readonly kind: 'queue-cleared'; readonly tenant: string; readonly jobIds: readonly string[] }
  /** A job that has ended was submitted again: its end is shown once more. */
  | { readonly kind: 'replay'; readonly record: JobRecord }

/** Carries notices from the routes of a gateway to its websocket hub. */
export class ComfyNotices {
  readonly #listeners = new Set<(notice: ComfyNotice) => void>()

  /** Hears every notice until the returned function is called. */
  subscribe(listener: (notice: ComfyNotice) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  tell(notice: ComfyNotice): void {
    for (const listener of [...this.#listeners]) listener(notice)
  }
}
