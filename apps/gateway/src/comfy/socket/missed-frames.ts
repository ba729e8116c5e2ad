/** How long a client's missed frames are kept, milliseconds. */
export const KEEP_MISSED_MS = 60_000
/** Clients whose frames are kept at once, and frames of each. */
const MAX_CLIENTS = 1_000
const MAX_FRAMES = 200

interface KeptFrame {
  readonly jobId: string
  readonly text: string
}

/** What clients that are away need to know when they come back: how their prompts ended. */
export class MissedFrames {
  readonly #byClient = new Map<string, { frames: KeptFrame[]; keptAtMs: number }>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  keep(clientId: string, frame: string, jobId: string): void {
    const kept = this.#byClient.get(clientId)?.frames ?? []
    this.#byClient.delete(clientId)
    this.#byClient.set(clientId, {
      frames: [...kept, { jobId, text: frame }].slice(-MAX_FRAMES),
      keptAtMs: this.#now(),
    })
    const [oldest] = this.#byClient.keys()
    if (this.#byClient.size > MAX_CLIENTS && oldest !== undefined) this.#byClient.delete(oldest)
  }

  /** Forgets a job's frames: the client has heard of them elsewhere. */
  drop(clientId: string, jobId: string): void {
    const kept = this.#byClient.get(clientId)
    if (kept !== undefined) kept.frames = kept.frames.filter((frame) => frame.jobId !== jobId)
  }

  /** Hands a client's frames over; each is given once. */
  take(clientId: string): string[] {
    const kept = this.#byClient.get(clientId)
    this.#byClient.delete(clientId)
    if (kept === undefined || this.#now() - kept.keptAtMs > KEEP_MISSED_MS) return []
    return kept.frames.map(({ text }) => text)
  }
}
