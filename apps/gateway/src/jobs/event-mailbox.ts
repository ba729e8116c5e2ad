import type { JobEventBodies, JobProgressBody, JobSummary } from '@atelier/catalog/atelier-api'

/** What a listener is told next. */
export type JobNews =
  | { readonly name: 'job'; readonly data: JobEventBodies['job'] }
  | { readonly name: 'progress'; readonly data: JobEventBodies['progress'] }

interface Letter {
  summary?: JobSummary
  progress?: JobProgressBody
}

/**
 * Keeps the newest news of each job until they are taken: however slow a listener is, it costs one entry a job and
 * hears how things stand, not how they came to be.
 */
export class EventMailbox {
  readonly #letters = new Map<string, Letter>()
  #wake: () => void = () => undefined

  /** A job's record has changed; what was known of its progress is in the summary. */
  putJob(summary: JobSummary): void {
    this.#letters.set(summary.id, { summary })
    this.#wake()
  }

  /** A job got on. */
  putProgress(id: string, progress: JobProgressBody): void {
    this.#letters.set(id, { ...this.#letters.get(id), progress })
    this.#wake()
  }

  /** Takes everything there is, jobs in the order in which they had news first; may be nothing. */
  take(): JobNews[] {
    const news: JobNews[] = []
    for (const [id, { summary, progress }] of this.#letters) {
      if (summary !== undefined) news.push({ name: 'job', data: summary })
      if (progress !== undefined) news.push({ name: 'progress', data: { id, progress } })
    }
    this.#letters.clear()
    return news
  }

  /** Resolves when there is something, the time is over (milliseconds), or the signal aborts. */
  async whenFilled(limitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#letters.size > 0 || signal.aborted) return
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', finish)
        this.#wake = () => undefined
        resolve()
      }
      const timer = setTimeout(finish, limitMs)
      signal.addEventListener('abort', finish)
      this.#wake = finish
    })
  }
}
