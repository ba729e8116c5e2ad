import { joinRows } from '../denoise/combine.ts'
import type { NetworkInputs, PredictionNetwork } from '../denoise/guidance.ts'
import { isOutOfMemory } from '../engine-error.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { countRows, sliceInputs } from './join-inputs.ts'

/** What is tried before an evaluation gives up for lack of memory. */
export interface MemoryOptions {
  /** Lets go of what is loaded and not in use. */
  readonly makeRoom: () => Promise<void>
  /** Hears that memory ran out, with how many rows, and what is tried next. */
  readonly onShort?: (rows: number, next: 'room' | 'halves') => void
}

/**
 * The same network where memory is short: first what nobody uses is let go, then the rows are evaluated in halves, down
 * to one. A row that does not fit by itself fails with the device's error, which ends its job as `out-of-memory`.
 */
export function surviveMemory(network: PredictionNetwork, options: MemoryOptions): PredictionNetwork {
  const { makeRoom, onShort } = options
  const evaluate = async (inputs: NetworkInputs, hasRoom: boolean): Promise<Tensor> => {
    try {
      return await network(inputs)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      const rows = countRows(inputs)
      if (!hasRoom) {
        onShort?.(rows, 'room')
        await makeRoom()
        return evaluate(inputs, true)
      }
      if (rows === 1) throw error
      onShort?.(rows, 'halves')
      const half = Math.ceil(rows / 2)
      // One after the other: together they would not fit.
      const first = await evaluate(sliceInputs(inputs, 0, half), true)
      return joinRows([first, await evaluate(sliceInputs(inputs, half, rows), true)])
    }
  }
  return (inputs) => evaluate(inputs, false)
}
