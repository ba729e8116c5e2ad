import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { probeLedger, type LedgerStore } from '@atelier/ledger'
import { readRegistry, serveOperations, type OperationsSource } from '@atelier/telemetry'
import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { PortSurface } from './app.ts'
import { ComfyNotices } from './comfy/socket/notices.ts'
import { createComfySocketHub } from './comfy/socket/socket-hub.ts'
import type { GatewayConfig } from './config.ts'
import { readConsoleFiles } from './console/console-files.ts'
import type { GatewayDeps } from './deps.ts'
import { LedgerDispatcher } from './dispatch/ledger-dispatcher.ts'
import { StoreRoom } from './dispatch/store-room.ts'
import { listen, type Listener } from './listener.ts'
import { createAuthenticator } from './middleware/authenticate.ts'
import { createGatewayMetrics, type GatewayMetrics } from './metrics.ts'
import { DirectoryModelIndex } from './models/directory-model-index.ts'
import { WorkerConnections } from './progress/worker-connections.ts'
import { readLedger, type LedgerReading } from './read-ledger.ts'

/** How often jobs of dead workers are looked for, milliseconds; a look costs a request a worker with a shared ledger. */
const SWEEP_MS = 1_000
/** A port setting that switches the port off. */
const OFF = 0

/** A running gateway. */
export interface Gateway {
  /** Ports bound, by surface; absent when switched off. */
  readonly ports: Readonly<Partial<Record<PortSurface, number>>>
  readonly models: DirectoryModelIndex
  /** Metrics and readiness, for the operations port and for a parent process. */
  readonly operations: OperationsSource & { readonly registry: Registry }
  /** Resolves when the ledger has been read: until then requests are refused and the gateway is not ready. */
  readonly whenRead: Promise<void>
  /** Stops accepting, lets open requests finish for a while, closes sockets. The store stays open: it is the caller's. */
  close(): Promise<void>
}

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly config: GatewayConfig
  readonly store: LedgerStore
  readonly logger: Logger
}

/**
 * Starts the gateway: both ports, the websocket hub, the dispatcher. Nothing of it waits for the ledger.
 * @throws Error with the system's code (EADDRINUSE, EACCES) when a port cannot be bound; then nothing stays open
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, store, logger } = options
  const onFault = (fault: unknown) => logger.error({ err: fault }, 'a background task of the gateway failed')
  const opened: OpenedPorts = { listeners: [], servers: [] }
  const parts = createParts(options, opened, onFault)
  const { models, dispatcher, metrics } = parts
  const stopping = new AbortController()
  const reading = readLedger({ store, models, dispatcher, signal: stopping.signal, onFault })
  const deps = await createDeps(options, parts, { ...reading, stopping: stopping.signal })
  const hub = createComfySocketHub(deps)
  const operations: Gateway['operations'] = {
    registry: metrics.registry,
    readReadiness: () => readReadiness(store, dispatcher, { stopping: stopping.signal, ...reading }),
  }
  const sweeping = setInterval(() => void store.jobs.recover().catch(() => 0), SWEEP_MS)
  const close = async (): Promise<void> => {
    stopping.abort()
    clearInterval(sweeping)
    await closePorts(opened)
    hub.close()
    closeParts(parts)
  }
  try {
    const authenticate = createAuthenticator(config, onFault)
    await openPorts(opened, { deps, authenticate, timeRequests: metrics.timeRequests, hub }, operations)
  } catch (error) {
    await close()
    throw error
  }
  const ports = Object.fromEntries(opened.listeners.map(({ surface, port }) => [surface, port]))
  return { ports, models, operations, whenRead: reading.whenRead, close }
}

/** What works behind the ports. */
interface GatewayParts {
  readonly models: DirectoryModelIndex
  readonly connections: WorkerConnections
  readonly room: StoreRoom
  readonly metrics: GatewayMetrics
  readonly dispatcher: LedgerDispatcher
  readonly notices: ComfyNotices
}

function createParts(
  { config, store, logger }: GatewayOptions,
  { listeners }: OpenedPorts,
  onFault: (fault: unknown) => void,
): GatewayParts {
  const models = new DirectoryModelIndex()
  void models.follow(store.workers, onFault)
  const connections = new WorkerConnections(() => models.workers())
  const room = new StoreRoom(store, onFault)
  const metrics: GatewayMetrics = createGatewayMetrics({
    openRecords: () => dispatcher.openRecords(),
    openSockets: () => listeners.reduce((sum, listener) => sum + listener.countSockets(), 0),
    storeUses: () => room.uses,
    now: Date.now,
  })
  const dispatcher = new LedgerDispatcher({
    jobs: store.jobs,
    connections,
    limits: {
      maxQueued: config.ATELIER_MAX_QUEUED,
      maxQueuedPerTenant: config.ATELIER_MAX_QUEUED_PER_TENANT,
    },
    findShortage: () => room.findShortage(),
    logger,
    observer: metrics.observer,
  })
  const notices = new ComfyNotices({ board: store.notices, jobs: store.jobs, origin: randomUUID() })
  return { models, connections, room, metrics, dispatcher, notices }
}

function closeParts({ room, notices, dispatcher, connections, models }: GatewayParts): void {
  for (const part of [room, notices, dispatcher, connections, models]) part.close()
}

async function createDeps(
  { config, store, logger }: GatewayOptions,
  { models, dispatcher, notices }: GatewayParts,
  { findOutage, stopping }: Required<Pick<GatewayDeps, 'findOutage' | 'stopping'>>,
): Promise<GatewayDeps> {
  const consoleFiles = config.ATELIER_CONSOLE_ROOT && (await readConsoleFiles(config.ATELIER_CONSOLE_ROOT))
  return {
    ...(consoleFiles && { console: consoleFiles }),
    ...{ config, dispatcher, models, store, stopping, findOutage, logger },
    comfyNotices: notices,
    ...{ now: Date.now, createId: randomUUID, random: Math.random },
  }
}

interface OpenedPorts {
  readonly listeners: Listener[]
  readonly servers: Server[]
}

async function closePorts({ listeners, servers }: OpenedPorts): Promise<void> {
  await Promise.all(listeners.map((listener) => listener.close()))
  for (const server of servers) server.close()
}

/** Opens the surfaces' ports and the operations port. What is open when one cannot be bound is in `opened`, to be closed. */
async function openPorts(
  { listeners, servers }: OpenedPorts,
  shared: Omit<Parameters<typeof listen>[0], 'surface' | 'port'>,
  operations: Gateway['operations'],
): Promise<void> {
  const { config } = shared.deps
  const wanted = { sdapi: config.ATELIER_PORT, comfy: config.ATELIER_COMFY_PORT }
  for (const surface of ['sdapi', 'comfy'] as const) {
    const port = wanted[surface]
    if (port !== OFF) listeners.push(await listen({ ...shared, surface, port }))
  }
  const { ATELIER_HOST: host, ATELIER_METRICS_PORT: port } = config
  if (port === OFF) return
  const readMetrics = () => readRegistry(operations.registry)
  servers.push(await serveOperations({ host, port, readMetrics, ...operations }))
}

/** Whether the gateway takes work, or why not. */
async function readReadiness(
  store: LedgerStore,
  { isWatching }: LedgerDispatcher,
  { stopping, findOutage }: { readonly stopping: AbortSignal } & Pick<LedgerReading, 'findOutage'>,
): ReturnType<OperationsSource['readReadiness']> {
  if (stopping.aborted) return { ready: false, reason: 'the gateway stops' }
  const outage = findOutage()
  if (outage !== undefined) return { ready: false, reason: outage }
  if (!isWatching) return { ready: false, reason: 'changes of jobs cannot be followed' }
  const reason = await probeLedger(store)
  return reason === undefined ? { ready: true } : { ready: false, reason }
}
