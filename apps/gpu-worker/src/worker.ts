import { mkdirSync } from 'node:fs'
import type { Job, ModelFile, WorkerDescription } from '@atelier/proto'
import { WORKER_HEARTBEAT_MS, type LedgerStore } from '@atelier/ledger'
import type { OperationsSource } from '@atelier/telemetry'
import type { Logger } from 'pino'
import type { Counter, Registry } from 'prom-client'
import type { WorkerConfig } from './config.ts'
import { describeWorker } from './describe-worker.ts'
import type { FromEngine } from './engine-protocol.ts'
import { answerAllocation } from './intake/answer-allocation.ts'
import { JobConsumer } from './intake/job-consumer.ts'
import { JobRunner } from './intake/job-runner.ts'
import { hasModels, UnfitJobs } from './intake/unfit-jobs.ts'
import { ModelCatalogue, toHashesPath, toModelFolders } from './model-files/model-catalogue.ts'
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts'
import { readReadiness } from './readiness.ts'
import { Prefetcher } from './model-files/prefetcher.ts'
import { EventLog } from './progress/event-log.ts'
import { startWorkerService, type WorkerService } from './progress/worker-service.ts'
import { EngineProcess } from './supervisor/engine-process.ts'

/** How often a starting engine is looked after, milliseconds. */
const READY_POLL_MS = 20
const ENTRIES = {
  onnx: new URL('engine/main.ts', import.meta.url),
  fake: new URL('fake-engine/main.ts', import.meta.url),
}

/** What a worker is started with. */
export interface WorkerOptions {
  readonly config: WorkerConfig
  readonly store: LedgerStore
  readonly environment: Record<string, string | undefined>
  readonly logger: Logger
  /** Counters of the program that are shown with this worker's metrics; absent: none. */
  readonly counters?: readonly Counter[]
}

/** A worker: one engine, its jobs, its service, its entry in the directory. */
export class Worker {
  readonly #options: WorkerOptions
  readonly #events = new EventLog()
  readonly #startedAtMs = Date.now()
  readonly #engine: EngineProcess
  readonly #runner: JobRunner
  readonly #catalogue: ModelCatalogue
  readonly #unfit: UnfitJobs
  readonly #metrics: WorkerMetrics
  #service: WorkerService | undefined
  #consumer: JobConsumer | undefined
  #prefetcher: Prefetcher | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #ready: Extract<FromEngine, { kind: 'ready' }> | undefined
  #residents: readonly string[] = []
  #isDraining = false
  /** The engine was ended for the sake of a job that did not stop. */
  #isStoppingEngine = false

  constructor(options: WorkerOptions) {
    const { config, store, logger } = options
    this.#options = options
    mkdirSync(config.ATELIER_DATA, { recursive: true })
    this.#metrics = createWorkerMetrics({
      runningJobs: () => this.#runner.jobIds.length,
      slots: () => this.#ready?.slots ?? 0,
      residentModels: () => this.#residents.length,
      engineRestarts: () => this.#engine.restarts,
    })
    for (const counter of options.counters ?? []) this.#metrics.registry.registerMetric(counter)
    this.#engine = new EngineProcess({
      entry: ENTRIES[config.ATELIER_ENGINE],
      environment: options.environment,
      hangMs: config.ATELIER_HANG_SECONDS * 1000,
      logger,
      onMessage: (message) => void this.#receive(message),
      onDeath: () => void this.#engineDied(),
    })
    this.#unfit = new UnfitJobs({
      workerId: config.workerId,
      listWorkers: () => store.workers.list(),
    })
    this.#runner = new JobRunner({
      leavesToOthers: async (record, code) => {
        const isLeft = await this.#unfit.leaveToOthers(record, code)
        if (isLeft) this.#metrics.misfit()
        return isLeft
      },
      store,
      send: (message) => this.#engine.send(message),
      events: this.#events,
      logger,
      metrics: this.#metrics,
    })
    this.#catalogue = new ModelCatalogue({
      folders: toModelFolders(config.ATELIER_MODELS, config.ATELIER_CKPT_DIR),
      hashesPath: toHashesPath(config.ATELIER_DATA),
      logger,
      onChange: (files) => this.#modelsChanged(files),
    })
  }

  /** Opens its service and asks for jobs; resolves when its engine is up and it was to enter the directory. */
  async start(): Promise<void> {
    const options = this.#options
    await this.#startService()
    await this.#engineReady()
    const slots = this.#ready?.slots ?? 1
    this.#consumer = new JobConsumer({
      jobs: options.store.jobs,
      runner: this.#runner,
      workerId: options.config.workerId,
      slots,
      recovers: options.store.kind === 'embedded',
      whenReady: () => this.#engineReady(),
      accepts: (job) => this.#accepts(job),
      residentIdentities: () => (options.config.ATELIER_AFFINITY ? this.#residents : []),
      logger: options.logger,
    })
    this.#prefetcher = this.#startPrefetching(slots)
    this.#heartbeat = setInterval(() => {
      this.#endStuckEngine()
      void this.#publish()
    }, WORKER_HEARTBEAT_MS)
    await this.#publish()
  }

  /** The files this worker sees. */
  get files(): readonly ModelFile[] {
    return this.#catalogue.files
  }

  /** Metrics and readiness, for the operations port and for a parent process. */
  get operations(): OperationsSource & { readonly registry: Registry } {
    return {
      registry: this.#metrics.registry,
      readReadiness: () =>
        readReadiness({
          store: this.#options.store,
          isDraining: this.#isDraining,
          isEngineUp: this.#ready !== undefined,
          isPulling: this.#consumer !== undefined,
          files: this.#catalogue.files,
        }),
    }
  }

  /** Stops claiming, lets running jobs end or hands them back, and leaves the directory. */
  async close(): Promise<void> {
    this.#isDraining = true
    await this.#publish().catch(() => undefined)
    const drained = this.#consumer?.drain() ?? Promise.resolve()
    const handBack = setTimeout(
      () => void this.#runner.handBackAll(),
      this.#options.config.ATELIER_DRAIN_SECONDS * 1000,
    )
    await drained
    clearTimeout(handBack)
    clearInterval(this.#heartbeat)
    await this.#options.store.workers.remove(this.#options.config.workerId).catch(() => undefined)
    this.#prefetcher?.close()
    this.#catalogue.close()
    this.#runner.close()
    this.#service?.close()
    await this.#engine.close()
  }

  async #startService(): Promise<void> {
    const { config } = this.#options
    this.#service = await startWorkerService({
      host: config.ATELIER_GRPC_HOST,
      port: config.ATELIER_GRPC_PORT,
      events: this.#events,
      describe: () => this.#describe(),
      control: (jobId, control) => this.#runner.control(jobId, control),
      freeMemory: (request) => void this.#engine.send({ kind: 'free-memory', ...request }),
    })
  }

  #startPrefetching(slots: number): Prefetcher {
    return new Prefetcher({
      jobs: this.#options.store.jobs,
      isBusy: () => this.#runner.jobIds.length >= slots,
      accepts: (job) => this.#accepts(job),
      files: () => this.#catalogue.files,
      residentIdentities: () => this.#residents,
      logger: this.#options.logger,
    })
  }

  /** Resolves when the engine is up, or when the worker stops and nothing is waited for any more. */
  async #engineReady(): Promise<void> {
    while (this.#ready === undefined && !this.#isDraining)
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
  }

  async #receive(message: FromEngine): Promise<void> {
    switch (message.kind) {
      case 'ready':
        this.#ready = message
        this.#engine.send({ kind: 'models', files: this.#catalogue.files })
        return
      case 'resident':
        this.#residents = message.identities
        return
      case 'allocate':
        return answerAllocation(message, {
          jobs: this.#options.store.jobs,
          send: (answer) => void this.#engine.send(answer),
          logger: this.#options.logger,
        })
      case 'evaluated':
        return this.#metrics.evaluated(message.seconds, message.rows)
      case 'loaded':
        return this.#metrics.loaded(message.seconds)
      case 'log':
        return this.#options.logger[message.level](message.fields, message.message)
      case 'end':
        this.#engine.markHealthy()
        return this.#runner.receive(message)
      default:
        return this.#runner.receive(message)
    }
  }

  async #engineDied(): Promise<void> {
    this.#residents = []
    this.#ready = undefined
    const wasStopped = this.#isStoppingEngine
    this.#isStoppingEngine = false
    // Of an engine that was ended for one job's sake the others are not to blame.
    await (wasStopped ? this.#runner.handBackAll() : this.#runner.abandonAll())
  }

  /** No call of a network can be broken off: a job that is to stop ends with its engine when that takes too long. */
  #endStuckEngine(): void {
    const { longestStopMs } = this.#runner
    if (longestStopMs < this.#options.config.ATELIER_STOP_SECONDS * 1000) return
    this.#options.logger.warn(
      { longestStopMs },
      'a job that is to stop keeps the engine busy; the engine is ended',
    )
    this.#isStoppingEngine = true
    this.#engine.kill()
  }

  /** Not `this.#catalogue`: the first change is told while it is being made. */
  #modelsChanged(files: readonly ModelFile[]): void {
    this.#engine.send({ kind: 'models', files })
    if (this.#consumer !== undefined) void this.#publish(files)
  }

  #accepts(job: Job): boolean {
    return !this.#unfit.has(job.id) && hasModels(this.#catalogue.files, job)
  }

  async #publish(files: readonly ModelFile[] = this.#catalogue.files): Promise<void> {
    try {
      await this.#options.store.workers.put({ ...this.#describe(), models: [...files] })
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the worker cannot enter the directory; trying again')
    }
  }

  #describe(): WorkerDescription {
    return describeWorker(this.#options.config, {
      startedAtMs: this.#startedAtMs,
      isDraining: this.#isDraining,
      grpcPort: this.#service?.port ?? 0,
      engine: this.#ready,
      engineRestarts: this.#engine.restarts,
      jobIds: this.#runner.jobIds,
      files: this.#catalogue.files,
      residentIdentities: this.#residents,
    })
  }
}
