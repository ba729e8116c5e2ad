import type { RunFrame } from './frames.ts'

/**
 * Puts the runs of one client behind each other. ComfyUI runs one prompt at a time, and its clients take what comes
 * between an `executing` and the next for theirs; here several may run at once. The first one speaks; what the others
 * have to say waits, without the progress that may be lost, until it has ended.
 */
export class RunLane {
  readonly #waiting = new Map<string, RunFrame[]>()
  readonly #ended = new Set<string>()
  #speaker: string | undefined

  /** Takes a run's frames and returns those that go out now, in order. */
  take(jobId: string, frames: readonly RunFrame[], isEnded: boolean): RunFrame[] {
    this.#speaker ??= jobId
    if (jobId !== this.#speaker) {
      const kept = frames.filter((frame) => frame.kind !== 'status' && !('isLossy' in frame && frame.isLossy))
      this.#waiting.set(jobId, [...(this.#waiting.get(jobId) ?? []), ...kept])
      if (isEnded) this.#ended.add(jobId)
      // The length of the queue concerns everybody and does not wait.
      return frames.filter(({ kind }) => kind === 'status')
    }
    return isEnded ? [...frames, ...this.#passOn()] : [...frames]
  }

  /** The speaking run was put back into the queue: the others need not wait for it. */
  release(jobId: string): RunFrame[] {
    return jobId === this.#speaker ? this.#passOn() : []
  }

  get isIdle(): boolean {
    return this.#speaker === undefined
  }

  #passOn(): RunFrame[] {
    const frames: RunFrame[] = []
    this.#speaker = undefined
    for (const [jobId, waiting] of this.#waiting) {
      this.#waiting.delete(jobId)
      frames.push(...waiting)
      if (this.#ended.delete(jobId)) continue
      this.#speaker = jobId
      break
    }
    return frames
  }
}
