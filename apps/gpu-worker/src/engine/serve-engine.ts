import type { Job } from '@atelier/proto'
import { startTracing } from '@atelier/telemetry'
import { locateRuntime } from '../devices/cuda-libraries.ts'
import type { FromEngine, ToEngine } from '../engine-protocol.ts'
import { RowCurves, type RowCurvesOptions } from './batching/row-curves.ts'
import { readEngineConfig, readEnvironment, type EngineConfig } from './config.ts'
import { createEmbeddingReader } from './embedding-reader.ts'
import { Engine } from './engine.ts'
import type { Pixels } from './image/pixels.ts'
import { ModelStore } from './models/model-store.ts'
import type { Graph } from './onnx/graph-builder.ts'
import { proveDevice } from './onnx/prove-device.ts'
import type { Session } from './onnx/network-session.ts'
import type { ModelRuntime } from './onnx/runtime/model-runtime.ts'
import { openRuntime } from './onnx/runtime/open-runtime.ts'
import { TextModels } from './text-models.ts'

/** What a fake engine does in its own way. */
export interface EngineStandIns {
  /** Stands in for ONNX Runtime. */
  readonly open?: (graph: Graph, config: EngineConfig) => Session
  /** Changes each finished picture of a generation job. */
  readonly finishPixels?: (pixels: Pixels, job: Job) => Pixels
}

/**
 * Makes this process an engine: it owns every ONNX session, talks to its supervisor only, and ends when the supervisor
 * is gone.
 */
export async function serveEngine({ open, finishPixels }: EngineStandIns = {}): Promise<void> {
  const tracing = await startTracing({ service: 'atelier-engine', environment: readEnvironment() })
  const config = readEngineConfig(readEnvironment())
  const device = { isLost: false }
  const send = (message: FromEngine): void => {
    // A job that was interrupted so did not end: it is run again, here or elsewhere.
    if (device.isLost && message.kind === 'end') return
    // When the supervisor is gone nobody hears it, and this process ends (below).
    process.send?.(message, undefined, undefined, () => undefined)
  }
  const onDeviceLost = (error: Error): void => {
    if (device.isLost) return
    device.isLost = true
    endWithDevice(error, send)
  }
  const log = createLog(send)
  // How long a stand-in takes says nothing.
  const rowCurves = open === undefined ? openRowCurves(config, log.info) : undefined
  const runtime = openRuntime({ ...config, onNotice: log.warn })
  const models = openModels(config, { send, log, rowCurves, runtime, onDeviceLost, open })
  const texts = new TextModels(createEmbeddingReader(models))
  const engine = new Engine({
    ...{ models, texts, send, nodeCache: config.nodeCache },
    ...(finishPixels && { finishPixels }),
  })
  listen(engine, () => {
    rowCurves?.flush()
    void tracing.close().finally(() => process.exit(0))
  })
  // Stand-ins have no device.
  if (open === undefined) await proveDevice({ device: config.device, threads: config.threads, runtime })
  send({ kind: 'ready', device: config.device, title: config.title, slots: config.slots })
  // The message leaves first.
  setImmediate(() => texts.prepare())
}

/** What an operator is told. */
interface EngineLog {
  readonly info: (message: string, fields: Readonly<Record<string, unknown>>) => void
  readonly warn: (message: string) => void
}

function createLog(send: (message: FromEngine) => void): EngineLog {
  return {
    info: (message, fields) => send({ kind: 'log', level: 'info', message, fields }),
    warn: (message) => send({ kind: 'log', level: 'warn', fields: {}, message }),
  }
}

/** What models of an engine are opened with. */
interface ModelDeps {
  readonly open: EngineStandIns['open'] | undefined
  readonly send: (message: FromEngine) => void
  readonly log: EngineLog
  readonly rowCurves: RowCurves | undefined
  readonly runtime: ModelRuntime
  readonly onDeviceLost: (error: Error) => void
}

function openModels(config: EngineConfig, deps: ModelDeps): ModelStore {
  const { send, log, rowCurves, runtime, onDeviceLost, open } = deps
  const { device, threads, budgetBytes, maxBatchElements, maxWholePixels } = config
  const { fillsBuckets, takesTurns, joinsControls } = config
  return new ModelStore({
    session: {
      ...{ device, threads, runtime, onDeviceLost },
      onLoaded: (seconds) => send({ kind: 'loaded', seconds }),
      onWidened: log.warn,
      ...(open && { open: (graph: Graph) => open(graph, config) }),
    },
    ...{ budgetBytes, maxBatchElements, maxWholePixels, fillsBuckets, takesTurns, joinsControls },
    ...(rowCurves && { rowCurves }),
    onEvaluated: (seconds, rows) => send({ kind: 'evaluated', seconds, rows }),
    log: log.info,
    onResidentsChanged: (keys) => send({ kind: 'resident', identities: toFileIdentities(keys) }),
  })
}

/** Hears the supervisor until it is gone. */
function listen(engine: Engine, onGone: () => void): void {
  // A supervisor that stopped while tracing was being started is gone for good.
  if (process.send !== undefined && !process.connected) process.exit(0)
  process.on('message', (message: ToEngine) => engine.receive(message))
  process.on('disconnect', onGone)
  // Ctrl-C reaches the whole process group; the supervisor decides when this process ends.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
}

function openRowCurves({ rowCurvesPath, title }: EngineConfig, log: RowCurvesOptions['log']): RowCurves {
  const { version } = locateRuntime()
  return new RowCurves({ path: rowCurvesPath, runtime: version, device: title, ...(log && { log }) })
}

/** Nothing runs on a lost device again: this process ends, another one starts, and its jobs are run again. */
function endWithDevice(error: Error, send: (message: FromEngine) => void): void {
  const [reason] = error.message.split(/ ; |\n/)
  const message = `the device is lost: ${reason}; another engine is started`
  send({ kind: 'log', level: 'error', fields: { err: error.message }, message })
  // The message leaves first.
  setImmediate(() => process.exit(1))
}

/** Files of which something is loaded: the key of each part and variant of a model begins with its file's identity. */
function toFileIdentities(keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map((key) => key.split(' ', 1)[0]!))]
}
