import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { LedgerStore } from '@atelier/ledger'
import { openEmbeddedLedger } from '@atelier/ledger/embedded'
import {
  JobResult,
  ModelFile,
  ModelKind,
  NamedFile,
  WorkerDescription,
  type FolderKind,
} from '@atelier/proto'
import { Hono } from 'hono'
import pino from 'pino'
import type { WebSocket } from 'ws'
import { parseGatewayConfig } from '../../config.ts'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { comfyOrigin } from '../../middleware/comfy-origin.ts'
import { parseCorsOptions } from '../../middleware/cors-webui.ts'
import { createRouteTable } from '../../middleware/route-table.ts'
import { DirectoryModelIndex } from '../../models/directory-model-index.ts'
import { answerComfyUnknown } from '../errors.ts'
import { toFolderKind, splitPath, type FolderName } from '../files/folders.ts'
import { ComfyNotices } from '../socket/notices.ts'
import { createComfyRoutes } from '../routes.ts'
import { createComfySocketHub, type ComfySocketHub } from '../socket/socket-hub.ts'
import { ScriptedDispatcher, type Script } from './scripted-dispatcher.ts'

/** Tenant of test requests. */
const TEST_TENANT = 'open'

/** A ComfyUI surface over a real ledger in a temporary folder, with a scripted worker. */
export interface TestGateway {
  readonly app: Hono<GatewayEnv>
  readonly deps: GatewayDeps
  readonly store: LedgerStore
  readonly hub: ComfySocketHub
  readonly dispatcher: ScriptedDispatcher
  readonly models: DirectoryModelIndex
  /** Sends a request; a body that is not a string, bytes or a form is sent as JSON. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  /** Connects a websocket. */
  connect(clientId?: string): FakeSocket
  /** Puts a file into one of the tenant's folders. */
  putFile(folder: FolderName, path: string, bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** What a test gateway is opened with. */
export interface TestGatewayOptions {
  readonly script?: Script
  readonly settings?: Record<string, string>
  readonly beforeTelling?: () => Promise<void>
  readonly models?: readonly Partial<ModelFile>[]
}

/** Ends every job at once, with nothing made. */
const endAtOnce: Script = async () => ({ kind: 'done', result: JobResult.create() })

/** Opens a test gateway. */
export async function openTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-comfy-'))
  const store = await openEmbeddedLedger({ folder })
  const { script = endAtOnce, beforeTelling } = options
  const dispatcher = new ScriptedDispatcher({ store, script, ...(beforeTelling && { beforeTelling }) })
  const models = new DirectoryModelIndex()
  models.replace([
    WorkerDescription.fromPartial({ id: 'w', models: (options.models ?? []).map(toModelFile) }),
  ])
  const deps: GatewayDeps = {
    config: parseGatewayConfig({ ATELIER_LOG_LEVEL: 'silent', ...options.settings }),
    dispatcher,
    models,
    store,
    comfyNotices: new ComfyNotices(),
    logger: pino({ level: 'silent' }),
    now: createClock(),
    createId: randomUUID,
    random: Math.random,
  }
  const hub = createComfySocketHub(deps)
  const app = createTestApp(deps)
  return {
    ...{ app, deps, store, hub, dispatcher, models },
    request: async (method, path, body, headers = {}) =>
      app.request(path, { method, headers: { host: '127.0.0.1:8188', ...headers }, ...toInit(body) }),
    connect(clientId = '') {
      const socket = new FakeSocket()
      hub.handleConnection(socket as unknown as WebSocket, { tenant: TEST_TENANT, clientId })
      return socket
    },
    putFile: (name, path, bytes) => putFile(store, name, path, bytes),
    async close() {
      hub.close()
      await dispatcher.close()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Puts every file of a folder of the disk into the tenant's input folder. */
export async function putInputs(gateway: TestGateway, folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    await gateway.putFile('input', relative(folder, path), await readFile(path))
  }
}

/** A clock that never shows a moment twice, so that what was submitted first is seen to be. */
function createClock(): () => number {
  let latest = 0
  return () => {
    latest = Math.max(latest + 1, Date.now())
    return latest
  }
}

async function putFile(store: LedgerStore, name: FolderName, path: string, bytes: Uint8Array): Promise<void> {
  const blob = await store.blobs.put(
    `inputs/${TEST_TENANT}/${randomUUID()}`,
    bytes,
    'application/octet-stream',
  )
  const folder: FolderKind = toFolderKind(name)
  await store.files.put(
    TEST_TENANT,
    NamedFile.fromPartial({ folder, ...splitPath(path), blob, storedAtMs: Date.now() }),
  )
}

function toModelFile(file: Partial<ModelFile>): ModelFile {
  return ModelFile.fromPartial({
    kind: ModelKind.MODEL_KIND_CHECKPOINT,
    identity: `identity of ${file.name ?? ''}`,
    ...file,
  })
}

function createTestApp(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>()
  app.use(async (c, next) => {
    c.set('surface', 'comfy')
    c.set('tenant', TEST_TENANT)
    await next()
  })
  app.use(comfyOrigin(parseCorsOptions(undefined, undefined)))
  app.route('/', createComfyRoutes(deps))
  const routes = createRouteTable(app)
  app.notFound((c) => answerComfyUnknown(c, routes.allowedMethods(c.req.path), routes))
  return app
}

function toInit(body: unknown): RequestInit {
  if (body === undefined) return {}
  const isRaw = typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData
  return { body: isRaw ? (body as string | FormData) : JSON.stringify(body) }
}

/** A websocket whose other end is the test. */
export class FakeSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  bufferedAmount = 0
  /** Everything the hub sent, texts and bytes. */
  readonly frames: (string | Uint8Array)[] = []

  send(data: string | Uint8Array): void {
    this.frames.push(data)
    this.emit('sent')
  }

  ping(): void {
    this.emit('pinged')
  }

  terminate(): void {
    this.close()
  }

  close(): void {
    if (this.readyState !== this.OPEN) return
    this.readyState = 3
    this.emit('close')
  }

  /** Sends a text as the client would. */
  say(text: string): void {
    this.emit('message', Buffer.from(text), false)
  }

  /** Resolves when at least this many frames have come. */
  async waitFor(count: number): Promise<void> {
    while (this.frames.length < count) await new Promise((resolve) => this.once('sent', resolve))
  }

  /** The text frames, parsed. */
  get messages(): { type: string; data: Record<string, unknown> }[] {
    const texts = this.frames.filter((frame) => typeof frame === 'string')
    return texts.map((text) => JSON.parse(text) as { type: string; data: Record<string, unknown> })
  }
}
