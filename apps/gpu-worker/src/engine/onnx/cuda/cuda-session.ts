import { areFinite } from '../../tensor/tensor.ts'
import type { Graph } from '../graph.ts'
import type { Session } from '../network-session.ts'
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
  const state: { precision: Precision; session?: Promise<Session> } = { precision: 'f16' }
  // What could not be opened is tried again at the next call: there may be room by then.
  const current = (): Promise<Session> =>
    (state.session ??= options.open(emitCuda(graph, state.precision)).catch((error: unknown) => {
      delete state.session
      throw error
    }))
  await current()
  const widen = async (): Promise<void> => {
    if (state.precision === 'f32') return
    const half = await current()
    state.precision = 'f32'
    delete state.session
    options.onWidened?.('half precision gave numbers that are none; it runs in f32 from now on')
    // Let go first: both together may not fit.
    await half.release()
  }
  return {
    async run(inputs, outputs, onBusy) {
      const isHalf = state.precision === 'f16'
      const results = await (await current()).run(inputs, outputs, onBusy)
      if (!isHalf || Object.values(results).every(({ data }) => areFinite(data))) return results
      // What was no number before is none in f32 either.
      if (!Object.values(inputs).every((input) => 'integers' in input || areFinite(input.data)))
        return results
      await widen()
      return (await current()).run(inputs, outputs, onBusy)
    },
    release: async () => (await state.session)?.release(),
  }
}
