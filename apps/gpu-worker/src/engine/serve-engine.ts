import type { Job } from '@atelier/proto'
import type { FromEngine, ToEngine } from '../engine-protocol.ts'
import { readEngineConfig, type EngineConfig } from './config.ts'
import { createEmbeddingReader } from './embedding-reader.ts'
import { Engine } from './engine.ts'
import type { Pixels } from './image/pixels.ts'
import { ModelStore } from './models/model-store.ts'
import type { Graph } from './onnx/graph-builder.ts'
import type { Session } from './onnx/session.ts'
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
export function serveEngine({ open, finishPixels }: EngineStandIns = {}): void {
  const config = readEngineConfig()
  const send = (message: FromEngine): void => void process.send?.(message)
  const models = new ModelStore({
    session: {
      device: config.device,
      threads: config.threads,
      ...(open && { open: (graph: Graph) => open(graph, config) }),
    },
    budgetBytes: config.budgetBytes,
    maxBatchElements: config.maxBatchElements,
    onResidentsChanged: (identities) => send({ kind: 'resident', identities }),
  })
  const texts = new TextModels(createEmbeddingReader(models))
  const engine = new Engine({ models, texts, send, ...(finishPixels && { finishPixels }) })

  process.on('message', (message: ToEngine) => engine.receive(message))
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches the whole process group; the supervisor decides when this process ends.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  send({ kind: 'ready', device: config.device, title: config.title, slots: config.slots })
}
