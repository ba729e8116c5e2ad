import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LedgerStore } from '@atelier/ledger'
import { openEmbeddedLedger } from '@atelier/ledger/embedded'
import { WorkerDescription, type ModelFile } from '@atelier/proto'
import type { Hono } from 'hono'
import pino from 'pino'
import { createApp } from '../../app.ts'
import { parseGatewayConfig } from '../../config.ts'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import type { JobDispatcher, JobProgress } from '../../dispatch/job-dispatcher.ts'
import { LedgerDispatcher } from '../../dispatch/ledger-dispatcher.ts'
import { createAuthenticator } from '../../middleware/authenticate.ts'
import { DirectoryModelIndex } from '../../models/directory-model-index.ts'
import { WorkerConnections } from '../../progress/worker-connections.ts'
import type { PromptStyle } from '../styles.ts'
import { FlatWorker, type Draw, type DrawExtras } from './flat-worker.ts'

/** A whole gateway over a real ledger in a temporary folder, with a worker that draws flat pictures. */
export interface TestGateway {
  readonly app: Hono<GatewayEnv>
  readonly deps: GatewayDeps
  readonly store: LedgerStore
  readonly worker: FlatWorker
  /** Progress of jobs by public id, as a worker would report it. */
  readonly reported: Map<string, Partial<Omit<JobProgress, 'record'>>>
  /** Sends a request; a body that is not a string or bytes is sent as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  close(): Promise<void>
}

/** What a test gateway is opened with. */
export interface TestGatewayOptions {
  readonly settings?: Record<string, string>
  readonly models?: readonly ModelFile[]
  readonly styles?: readonly PromptStyle[]
  readonly draw?: Draw
  readonly drawExtras?: DrawExtras
  readonly random?: () => number
}

/** Opens a test gateway. */
export async function openTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-sdapi-'))
  const store = await openEmbeddedLedger({ folder })
  const logger = pino({ level: 'silent' })
  const models = new DirectoryModelIndex()
  models.replace([WorkerDescription.fromPartial({ id: 'flat', models: [...(options.models ?? [])] })])
  const connections = new WorkerConnections(() => [])
  const limits = { maxQueued: 1000, maxQueuedPerTenant: 500 }
  const ledgerDispatcher = new LedgerDispatcher({ jobs: store.jobs, connections, limits, logger })
  const reported: TestGateway['reported'] = new Map()
  const config = parseGatewayConfig({
    ATELIER_LOG_LEVEL: 'silent',
    ATELIER_DATA: folder,
    ...options.settings,
  })
  const deps: GatewayDeps = {
    ...{ config, models, store, logger },
    dispatcher: reportProgress(ledgerDispatcher, reported),
    now: Date.now,
    createId: randomUUID,
    random: options.random ?? Math.random,
  }
  if (options.styles) await writeFile(join(folder, 'styles.csv'), toStyleFile(options.styles))
  const worker = new FlatWorker(store, options)
  const app = createApp({
    deps,
    surface: 'sdapi',
    authenticate: createAuthenticator(config, () => undefined),
  })
  return {
    ...{ app, deps, store, worker, reported },
    request: async (method, path, body, headers = {}) =>
      app.request(path, { method, headers: { ...toTypeHeader(body), ...headers }, ...toInit(body) }),
    async close() {
      await worker.close()
      ledgerDispatcher.close()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function toTypeHeader(body: unknown): Record<string, string> {
  return body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }
}

function toInit(body: unknown): RequestInit {
  if (body === undefined) return {}
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  return { body: isRaw ? (body as string) : JSON.stringify(body) }
}

/** The dispatcher, with progress as a test reports it instead of a worker. */
function reportProgress(dispatcher: LedgerDispatcher, reported: TestGateway['reported']): JobDispatcher {
  return {
    submit: (...call) => dispatcher.submit(...call),
    subscribe: (filter, listener) => dispatcher.subscribe(filter, listener),
    wait: (...call) => dispatcher.wait(...call),
    cancel: (...call) => dispatcher.cancel(...call),
    skip: (...call) => dispatcher.skip(...call),
    freeMemory: (request) => dispatcher.freeMemory(request),
    progress(tenant, jobId) {
      const known = dispatcher.progress(tenant, jobId)
      return known && { ...known, ...reported.get(known.record.job?.publicId ?? '') }
    },
  }
}

function toStyleFile(styles: readonly PromptStyle[]): string {
  const rows = styles.map(({ name, prompt, negativePrompt }) => [name, prompt, negativePrompt])
  return [['name', 'prompt', 'negative_prompt'], ...rows]
    .map((row) => row.map((text) => JSON.stringify(text)).join(','))
    .join('\n')
}
