import type { Graph } from '../graph.ts'
import type { Session, SessionInputs } from '../session.ts'
import type { Precision } from './emission.ts'
import { emitCuda } from './emit-cuda.ts'

/** What a session on CUDA is opened with. */
export interface CudaSessionOptions {
  /** Opens a written graph on the device. */
  readonly open: (graph: Graph) => Promise<Session>
  /** Hears, once for each network, that it is computed in f32 from now on, and why. */
  readonly onWidened?: (reason: string) => void
}

/**
 * A network in half precision, until it gives numbers that are none: what overflows there (SDXL's first autoencoder, SD
 * 2.1's attention) is computed again in f32, and stays there. The second result is given whatever it holds.
 */
export async function createCudaSession(graph: Graph, options: CudaSessionOptions): Promise<Session> {
  const state: { precision: Precision; session: Promise<Session> } = {
    precision: 'f16',
    session: options.open(emitCuda(graph, 'f16')),
  }
  await state.session
  const widen = async (): Promise<void> => {
    if (state.precision === 'f32') return
    state.precision = 'f32'
    const half = state.session
    state.session = (async () => {
      // Let go first: both together may not fit.
      await (await half).release()
      return options.open(emitCuda(graph, 'f32'))
    })()
    options.onWidened?.('half precision gave numbers that are none; it runs in f32 from now on')
    await state.session
  }
  return {
    async run(inputs: SessionInputs, outputs?: readonly string[]) {
      const isHalf = state.precision === 'f16'
      const results = await (await state.session).run(inputs, outputs)
      if (!isHalf || Object.values(results).every(({ data }) => areFinite(data))) return results
      await widen()
      return (await state.session).run(inputs, outputs)
    },
    release: async () => (await state.session).release(),
  }
}

function areFinite(values: Float32Array): boolean {
  return values.every((value) => Number.isFinite(value))
}
