import type { Graph } from '../../graph.ts'
import { toModelBytes } from '../../model-proto.ts'
import type { Session } from '../../network-session.ts'
import type { RunnableModel } from '../../runtime/model-runtime.ts'
import { NODE_BINDING } from '../../runtime/node-binding.ts'
import type { Precision } from '../emission.ts'
import { emitCuda } from '../emit-cuda.ts'
import { expandForCpu } from './expand-for-cpu.ts'

/** A description as it would run on CUDA, the diffusion ops written out; no optimizer may take roundings away. Test code. */
export async function openAsCuda(graph: Graph, precision: Precision, threads = 1): Promise<RunnableModel> {
  return NODE_BINDING.load(toModelBytes(expandForCpu(emitCuda(graph, precision), precision)), {
    ...{ device: 'cpu', threads, optimization: 'none', weightsFolder: '/' },
  })
}

/** Stands in for a session on CUDA in half precision; it is loaded at its first call. Test code. */
export function createHalfSession(graph: Graph): Session {
  let opened: Promise<RunnableModel> | undefined
  return {
    async run(inputs, outputs) {
      const model = await (opened ??= openAsCuda(graph, 'f16', 0))
      return model.run(inputs, outputs ?? model.outputs)
    },
    release: async () => (await opened)?.release(),
  }
}
