import type { FromEngine, ToEngine } from '../engine-protocol.ts'
import { readEngineConfig } from './config.ts'
import { createEmbeddingReader } from './embedding-reader.ts'
import { Engine } from './engine.ts'
import { ModelStore } from './models/model-store.ts'
import { TextModels } from './text-models.ts'

// The engine process: owns every ONNX session, talks to its supervisor only, ends when the supervisor is gone.

const config = readEngineConfig()
const send = (message: FromEngine): void => {
  process.send?.(message)
}
const models = new ModelStore({
  session: { device: config.device, threads: config.threads },
  budgetBytes: config.budgetBytes,
  maxBatchElements: config.maxBatchElements,
  onResidentsChanged: (identities) => send({ kind: 'resident', identities }),
})
const engine = new Engine({ models, texts: new TextModels(createEmbeddingReader(models)), send })

process.on('message', (message: ToEngine) => engine.receive(message))
process.on('disconnect', () => process.exit(0))
// Ctrl-C reaches the whole process group; the supervisor decides when this process ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
send({ kind: 'ready', device: config.device, title: config.title, slots: config.slots })
