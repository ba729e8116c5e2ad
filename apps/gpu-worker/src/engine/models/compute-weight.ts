import { GraphBuilder, type ChangedWeights } from '../onnx/graph-builder.ts'
import { createSession, type SessionOptions } from '../onnx/session.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** One weight as a graph takes it, changes and all, computed on the CPU in f32. */
export async function computeWeight(
  file: ChangedWeights,
  name: string,
  options: SessionOptions,
): Promise<Tensor> {
  const graph = new GraphBuilder(file)
  graph.output('weight', graph.weight(name), 'F32', graph.shapeOf(name) ?? [])
  const session = await createSession(graph.build(), { ...options, device: 'cpu' })
  try {
    return (await session.run({}))['weight']!
  } finally {
    await session.release()
  }
}
