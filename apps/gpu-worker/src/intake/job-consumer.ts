import type { Job } from '@atelier/proto'
import type { ClaimRequest, JobLedger } from '@atelier/ledger'
import type { Logger } from 'pino'
import type { JobRunner } from './job-runner.ts'

/** How often forgotten leases are looked for, milliseconds. */
const RECOVER_MS = 5_000
/** Pause after a failed claim, milliseconds. */
const RETRY_MS = 1_000

/** What a consumer pulls with. */
export interface JobConsumerOptions {
  readonly jobs: JobLedger
  readonly runner: JobRunner
  readonly workerId: string
  readonly slots: number
  /** This worker looks for leases nobody renews; where gateways do, workers need not. */
  readonly recovers: boolean
  /** Resolves when an engine is up; without one nothing is claimed. */
  readonly whenReady: () => Promise<void>
  readonly accepts: (job: Job) => boolean
  readonly residentIdentities: () => readonly string[]
  readonly logger: Logger
}

/** Claims jobs, as many at once as there are slots, until it is drained. */
export class JobConsumer {
  readonly #options: JobConsumerOptions
  readonly #stop = new AbortController()
  readonly #loops: Promise<void>[]
  readonly #recovery: NodeJS.Timeout | undefined

  constructor(options: JobConsumerOptions) {
    this.#options = options
    this.#loops = Array.from({ length: options.slots }, () => this.#pull())
    if (options.recovers)
      this.#recovery = setInterval(() => void options.jobs.recover().catch(() => 0), RECOVER_MS).unref()
  }

  /** Takes no further jobs; resolves when the running ones have been settled. */
  async drain(): Promise<void> {
    this.#stop.abort()
    clearInterval(this.#recovery)
    await Promise.all(this.#loops)
  }

  async #pull(): Promise<void> {
    const { jobs, runner, workerId, accepts, logger } = this.#options
    while (!this.#stop.signal.aborted) {
      try {
        await this.#options.whenReady()
        const request: ClaimRequest = {
          workerId,
          accepts,
          residentIdentities: this.#options.residentIdentities(),
        }
        const lease = await jobs.claim(request, this.#stop.signal)
        if (lease === undefined) return
        await runner.run(lease)
      } catch (error) {
        logger.warn({ err: error }, 'claiming failed; trying again')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
  }
}
