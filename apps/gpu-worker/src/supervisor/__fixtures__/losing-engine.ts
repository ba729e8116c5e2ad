import { serveEngine } from '../../engine/serve-engine.ts'
import type { Graph } from '../../engine/onnx/graph.ts'
import { createFakeSession } from '../../fake-engine/fake-session.ts'

// An engine whose device is lost in the middle of a job, in the words of ONNX Runtime's CUDA provider.

const LOST = 'CUDA failure 719: unspecified launch failure ; GPU=0 ; hostname=node-7 ; line=73 ;'

await serveEngine({
  open: (graph: Graph) => {
    const fake = createFakeSession(graph, 0)
    let calls = 0
    const isDenoiser = graph.outputs.some(({ name }) => name === 'prediction')
    return {
      ...fake,
      run: (inputs, outputs) =>
        isDenoiser && (calls += 1) > 2 ? Promise.reject(new Error(LOST)) : fake.run(inputs, outputs),
    }
  },
})
