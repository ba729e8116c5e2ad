import type { Job } from '@atelier/proto'
import { inSpan, withTraceparent } from '@atelier/telemetry'
import type { EngineOutcome, FromEngine, ToEngine } from '../engine-protocol.ts'
import { runControlMaps } from './control/run-control-maps.ts'
import { EngineError, toJobError } from './engine-error.ts'
import { runExtras } from './extras/run-extras.ts'
import type { Pixels } from './image/pixels.ts'
import type { JobContext } from './job-context.ts'
import type { ModelStore } from './models/model-store.ts'
import { NodeCache, type NodeCacheKind } from './node-graph/node-cache.ts'
import { runNodeGraph } from './node-graph/run-node-graph.ts'
import { runGeneration } from './generation/run-generation.ts'
import { runScript } from './scripts/run-script.ts'
import type { TextModels } from './text-models.ts'

/** What an engine is made of. */
export interface EngineOptions {
  readonly models: ModelStore
  readonly texts: TextModels
  readonly send: (message: FromEngine) => void
  /** Which results of node graphs stay between two prompts. */
  readonly nodeCache?: NodeCacheKind
  /** Changes each finished picture of a generation job (the fake engine). */
  readonly finishPixels?: (pixels: Pixels, job: Job) => Pixels
}

interface RunningJob {
  readonly cancel: AbortController
  isSkipWanted: boolean
}

/** Runs the jobs a supervisor sends, several at once; owns what is loaded and cached. */
export class Engine {
  readonly #options: EngineOptions
  readonly #running = new Map<string, RunningJob>()
  readonly #allocations = new Map<number, (first: number | undefined) => void>()
  readonly #caches = new Map<string, NodeCache>()
  #requests = 0

  constructor(options: EngineOptions) {
    this.#options = options
  }

  /** Takes one message of the supervisor. */
  receive(message: ToEngine): void {
    switch (message.kind) {
      case 'run':
        return void this.#run(message)
      case 'cancel':
        return this.#running.get(message.jobId)?.cancel.abort()
      case 'skip': {
        const running = this.#running.get(message.jobId)
        if (running !== undefined) running.isSkipWanted = true
        return
      }
      case 'models':
        return this.#options.models.setFiles(message.files)
      case 'allocated': {
        this.#allocations.get(message.requestId)?.(message.first)
        this.#allocations.delete(message.requestId)
        return
      }
      case 'free-memory':
        if (message.freeCache) this.#caches.clear()
        if (message.unloadModels || message.freeCache) void this.#options.models.clear()
        return
      case 'ping':
        return this.#options.send({ kind: 'pong' })
      case 'shut-down':
        for (const { cancel } of this.#running.values()) cancel.abort()
    }
  }

  async #run({ job, inputs, traceparent }: Extract<ToEngine, { kind: 'run' }>): Promise<void> {
    const running: RunningJob = { cancel: new AbortController(), isSkipWanted: false }
    this.#running.set(job.id, running)
    const execute = () => this.#execute(job, this.#createContext(job, inputs, running))
    const outcome = await withTraceparent(traceparent, () =>
      inSpan('execute', { 'atelier.job.id': job.id, 'atelier.job.kind': job.kind?.$case ?? '' }, execute),
    ).catch((error: unknown): EngineOutcome => ({ kind: 'failed', error: toJobError(error), files: [] }))
    this.#running.delete(job.id)
    this.#options.send({ kind: 'end', jobId: job.id, outcome })
  }

  async #execute(job: Job, context: JobContext): Promise<EngineOutcome> {
    const { models, texts } = this.#options
    switch (job.kind?.$case) {
      case 'generation':
        return runGeneration(job.kind.value, context, { models, texts })
      case 'script':
        return runScript(job.kind.value, context, { models, texts })
      case 'extras':
        return runExtras(job.kind.value, context, models)
      case 'controlMap':
        return runControlMaps(job.kind.value, context, models)
      case 'nodeGraph':
        return runNodeGraph(job.kind.value, context, { models, texts, cache: this.#cacheOf(job.tenant) })
      default:
        throw new EngineError('invalid-request', 'the job is of no kind this engine knows')
    }
  }

  #createContext(job: Job, inputs: ReadonlyMap<string, Uint8Array>, running: RunningJob): JobContext {
    const { send, finishPixels } = this.#options
    return {
      job,
      inputs,
      finishPixels: (pixels) => finishPixels?.(pixels, job) ?? pixels,
      cancelled: running.cancel.signal,
      takeSkip: () => {
        const isWanted = running.isSkipWanted
        running.isSkipWanted = false
        return isWanted
      },
      tell: (event) => send({ kind: 'event', jobId: job.id, event }),
      sendEarly: (file, index, count) => send({ kind: 'early-file', jobId: job.id, file, index, count }),
      allocate: (counter, count) =>
        new Promise((resolve, reject) => {
          this.#requests += 1
          this.#allocations.set(this.#requests, (first) => {
            if (first !== undefined) resolve(first)
            else reject(new EngineError('internal', `no number of ${counter} can be had`))
          })
          send({ kind: 'allocate', requestId: this.#requests, tenant: job.tenant, counter, count })
        }),
    }
  }

  #cacheOf(tenant: string): NodeCache {
    const known = this.#caches.get(tenant)
    if (known !== undefined) return known
    const cache = new NodeCache(this.#options.nodeCache)
    this.#caches.set(tenant, cache)
    return cache
  }
}
