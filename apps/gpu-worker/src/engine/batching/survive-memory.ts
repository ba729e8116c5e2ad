import { joinRows } from '../denoise/combine.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import { isOutOfMemory } from '../engine-error.ts'
import { countRows, sliceInputs } from './join-inputs.ts'

/** What is tried before an evaluation gives up for lack of memory. */
export interface MemoryOptions {
  /** Lets go of everything that does not run now. */
  readonly makeRoom: () => Promise<void>
  /** Hears that memory ran out, with how many rows, and what is tried next. */
  readonly onShort?: (rows: number, next: 'room' | 'halves') => void
}

/**
 * The same network where memory is short: rows are evaluated in halves, down to one; for a row that does not fit by itself
 * everything goes that does not run. If it still does not fit it fails with the device's error, which ends its job as
 * `out-of-memory`. (What nobody uses has gone before: `SessionOptions.makeRoom`.)
 */
export function surviveMemory(network: PredictionNetwork, options: MemoryOptions): PredictionNetwork {
  const { makeRoom, onShort } = options
  const evaluate: PredictionNetwork = async (inputs, onBusy) => {
    try {
      return await network(inputs, onBusy)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      const rows = countRows(inputs)
      onShort?.(rows, rows === 1 ? 'room' : 'halves')
      if (rows === 1) {
        await makeRoom()
        return network(inputs, onBusy)
      }
      const half = Math.ceil(rows / 2)
      // One after the other: together they would not fit.
      const first = await evaluate(sliceInputs(inputs, 0, half), onBusy)
      return joinRows([first, await evaluate(sliceInputs(inputs, half, rows), onBusy)])
    }
  }
  return evaluate
}
