import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { createTensor } from '../../tensor/tensor.ts'
import type { SessionInputs } from '../network-session.ts'
import { cudaIndexOf } from './cuda-index.ts'
import type { ModelInput, ModelOptions, ModelRuntime } from './model-runtime.ts'

/** ONNX Runtime through the binding it ships for Node, which blocks the thread that runs a model until it is done. */
export const NODE_BINDING: ModelRuntime = {
  async load(bytes, options) {
    const session = await InferenceSession.create(bytes, toSessionOptions(options))
    return {
      inputs: session.inputMetadata.map(toInput),
      outputs: session.outputNames,
      async run(inputs, outputs, onBusy) {
        const feeds = Object.entries(inputs).map(([name, value]) => [name, toOrtTensor(value)] as const)
        let startedAt = 0
        // The binding makes the call in the next turn of the event loop; what comes before it there is others' work.
        setImmediate(() => (startedAt = performance.now()))
        const results = await session.run(Object.fromEntries(feeds), [...outputs])
        onBusy?.((performance.now() - startedAt) / 1000)
        return Object.fromEntries(
          Object.entries(results).map(([name, { dims, data }]) => [
            name,
            createTensor(dims, data as Float32Array),
          ]),
        )
      },
      release: () => session.release(),
    }
  },
}

function toSessionOptions(options: ModelOptions): InferenceSession.SessionOptions {
  const { device, threads, optimization, weightsFolder } = options
  const deviceId = cudaIndexOf(device)
  return {
    executionProviders: deviceId === undefined ? ['cpu'] : [{ name: 'cuda', deviceId }, 'cpu'],
    graphOptimizationLevel: optimization === 'none' ? 'disabled' : optimization,
    logSeverityLevel: 3,
    ...(threads > 0 && { intraOpNumThreads: threads }),
    ...(weightsFolder !== undefined && {
      extra: { session: { model_external_initializers_file_folder_path: weightsFolder } },
    }),
  } as InferenceSession.SessionOptions
}

function toInput(metadata: InferenceSession.ValueMetadata): ModelInput {
  if (!metadata.isTensor) return { name: metadata.name, isFloat: false, shape: [] }
  const { name, type, shape } = metadata
  return {
    ...{ name, isFloat: type === 'float32' },
    shape: shape.map((size) => (typeof size === 'number' && size >= 0 ? size : undefined)),
  }
}

function toOrtTensor(value: SessionInputs[string]): OrtTensor {
  return 'integers' in value
    ? new OrtTensor('int64', value.integers, value.shape)
    : new OrtTensor('float32', value.data, value.shape)
}
