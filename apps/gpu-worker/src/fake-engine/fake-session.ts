import type { Graph, Port } from '../engine/onnx/graph-builder.ts'
import type { Session, SessionInputs } from '../engine/onnx/network-session.ts'
import { createTensor, type Tensor } from '../engine/tensor/tensor.ts'

/** Pixels of one latent pixel's side, of every autoencoder a fake stands in for. */
const LATENT_PIXELS = 8
/** The output that only a denoising network has. */
const PREDICTION = 'prediction'

/**
 * Stands in for ONNX Runtime: outputs have the shapes the graph declares and hold zeros. A denoising network takes
 * `stepMs` for each call, whatever its size, and `loadMs` more for the first one; everything else answers at once.
 */
export function createFakeSession(graph: Graph, stepMs: number, loadMs = 0): Session {
  const isDenoiser = graph.outputs.some(({ name }) => name === PREDICTION)
  const state = { loadMs }
  return {
    async run(inputs, wanted, onBusy) {
      const startedAt = performance.now()
      const waitMs = isDenoiser ? stepMs + state.loadMs : 0
      state.loadMs = 0
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      const sizes = bindSizes(graph.inputs, inputs)
      const ports = graph.outputs.filter(({ name }) => wanted === undefined || wanted.includes(name))
      const outputs = ports.map((port) => [port.name, createZeros(port, sizes)])
      onBusy?.((performance.now() - startedAt) / 1000)
      return Object.fromEntries(outputs)
    },
    release: () => Promise.resolve(),
  }
}

/** What the graph's size names stand for in this call. */
function bindSizes(ports: readonly Port[], inputs: SessionInputs): Map<string, number> {
  const sizes = new Map<string, number>()
  for (const { name, shape = [] } of ports) {
    const given = inputs[name]?.shape
    shape.forEach((size, axis) => {
      if (typeof size === 'string' && given?.[axis] !== undefined) sizes.set(size, given[axis])
    })
  }
  // An autoencoder's other side.
  const derive = (to: string, from: string, factor: number): void => {
    const known = sizes.get(from)
    if (known !== undefined && !sizes.has(to)) sizes.set(to, known * factor)
  }
  derive('rows', 'height', LATENT_PIXELS)
  derive('columns', 'width', LATENT_PIXELS)
  derive('height', 'rows', 1 / LATENT_PIXELS)
  derive('width', 'columns', 1 / LATENT_PIXELS)
  return sizes
}

function createZeros({ name, shape = [] }: Port, sizes: ReadonlyMap<string, number>): Tensor {
  return createTensor(
    shape.map((size) => {
      if (typeof size === 'number') return size
      const bound = sizes.get(size)
      if (bound === undefined) throw new Error(`the size ${size} of the output ${name} is not known`)
      return bound
    }),
  )
}
