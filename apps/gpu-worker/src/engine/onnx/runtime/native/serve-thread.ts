import { parentPort } from 'node:worker_threads'
import type { SessionInputs } from '../../network-session.ts'
import { openCudaMemory } from './device-memory.ts'
import { NativeModel, type NativeResources } from './native-model.ts'
import { LOG_ERRORS } from './open-session.ts'
import { HOST_MEMORY, OrtApi } from './ort-api.ts'
import type { RunOnThread, ThreadAnswer, ThreadRequest } from './thread-messages.ts'

// The thread that owns ONNX Runtime's objects: it does what it is asked in order, blocking while it does.

const post = (answer: ThreadAnswer, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort!.postMessage(answer, [...transfer])
const models = new Map<number, NativeModel>()
/** Inputs that come again, by number. */
const kept = new Map<number, Float32Array>()
const api = new OrtApi()
const resources: NativeResources = {
  api,
  environment: api.make('CreateEnv', LOG_ERRORS, 'atelier'),
  hostMemory: api.make('CreateMemoryInfo', ...HOST_MEMORY),
  openDeviceMemory: (device) => openCudaMemory(api, device),
  notify: (notice) => post({ notice }),
}

parentPort!.on('message', (request: ThreadRequest) => {
  const { id } = request
  try {
    if (request.kind === 'run') {
      const result = run(request)
      post(
        { id, result },
        Object.values(result.outputs).map(({ data }) => data.buffer as ArrayBuffer),
      )
    } else post({ id, result: request.kind === 'load' ? load(request) : release(request) })
  } catch (error) {
    post({ id, error: error instanceof Error ? error.message : String(error) })
  }
})

function run(request: Extract<ThreadRequest, { kind: 'run' }>): RunOnThread {
  const inputs = keepInputs(request)
  const startedAt = performance.now()
  const outputs = models.get(request.model)!.run(inputs, request.outputs)
  return { outputs, seconds: (performance.now() - startedAt) / 1000 }
}

/** The inputs of a call, those that stay out of what is kept; lets go what is dropped. */
function keepInputs({ inputs, dropped }: Extract<ThreadRequest, { kind: 'run' }>): SessionInputs {
  const whole = Object.entries(inputs).map(([name, input]) => {
    if (!('kept' in input)) return [name, input] as const
    const data = input.data ?? kept.get(input.kept)!
    kept.set(input.kept, data)
    return [name, { shape: input.shape, data, stays: true }] as const
  })
  for (const number of dropped) kept.delete(number)
  return Object.fromEntries(whole)
}

function load({ id, bytes, options }: Extract<ThreadRequest, { kind: 'load' }>) {
  const model = new NativeModel(bytes, options, resources)
  models.set(id, model)
  return { model: id, inputs: model.inputs, outputs: model.outputs }
}

function release({ model }: Extract<ThreadRequest, { kind: 'release' }>): undefined {
  models.get(model)?.release()
  models.delete(model)
}
