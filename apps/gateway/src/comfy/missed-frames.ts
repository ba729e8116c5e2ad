/** How long a client's missed frames are kept, milliseconds. */
const KEEP_MS = 60_000
/** Clients whose frames are kept at once, and frames of each. */
const MAX_CLIENTS = 1_000
const MAX_FRAMES = 200

/** What clients that are away need to know when they come back: how their prompts ended. */
export class MissedFrames {
  readonly #byClient = new Map<string, { frames: string[]; keptAtMs: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  keep(clientId: string, frame: string): void {
    const kept = this.#byClient.get(clientId)?.frames ?? []
    this.#byClient.delete(clientId)
    this.#byClient.set(clientId, { frames: [...kept, frame].slice(-MAX_FRAMES), keptAtMs: this.#now() })
    const [oldest] = this.#byClient.keys()
    if (this.#byClient.size > MAX_CLIENTS && oldest !== undefined) this.#byClient.delete(oldest)
  }

  /** Hands a client's frames over; each is given once. */
  take(clientId: string): string[] {
    const kept = this.#byClient.get(clientId)
    this.#byClient.delete(clientId)
    return kept === undefined || this.#now() - kept.keptAtMs > KEEP_MS ? [] : kept.frames
  }
}
