import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { createTensor } from '../../../tensor/tensor.ts'
import type { Graph } from '../../graph.ts'
import { toModelBytes } from '../../model-proto.ts'
import type { Session, SessionInputs } from '../../network-session.ts'
import type { Precision } from '../emission.ts'
import { emitCuda } from '../emit-cuda.ts'
import { expandForCpu } from './expand-for-cpu.ts'

/** A description as it would run on CUDA, the diffusion ops written out; no optimizer may take roundings away. Test code. */
export async function openAsCuda(graph: Graph, precision: Precision, threads = 1): Promise<InferenceSession> {
  return InferenceSession.create(toModelBytes(expandForCpu(emitCuda(graph, precision), precision)), {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
    ...(threads > 0 && { intraOpNumThreads: threads }),
    extra: { session: { model_external_initializers_file_folder_path: '/' } },
  } as InferenceSession.SessionOptions)
}

/** Stands in for a session on CUDA in half precision; it is loaded at its first call. Test code. */
export function createHalfSession(graph: Graph): Session {
  let opened: Promise<InferenceSession> | undefined
  return {
    async run(inputs, outputs) {
      const session = await (opened ??= openAsCuda(graph, 'f16', 0))
      const results = await session.run(toFeeds(inputs), [...(outputs ?? session.outputNames)])
      return Object.fromEntries(
        Object.entries(results).map(([name, { dims, data }]) => [
          name,
          createTensor(dims, data as Float32Array),
        ]),
      )
    },
    release: async () => (await opened)?.release(),
  }
}

/** Inputs as ONNX Runtime takes them. */
export function toFeeds(inputs: SessionInputs): Record<string, OrtTensor> {
  const entries = Object.entries(inputs).map(([name, value]) => [
    name,
    'integers' in value
      ? new OrtTensor('int64', value.integers, value.shape)
      : new OrtTensor('float32', value.data, value.shape),
  ])
  return Object.fromEntries(entries) as Record<string, OrtTensor>
}
