import { sliceRows } from '../denoise/combine.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { countRows } from './join-inputs.ts'

/** A request that waits for its evaluation. */
export interface Waiting {
  readonly inputs: NetworkInputs
  readonly key: string
  readonly resolve: (output: Tensor) => void
  readonly reject: (error: unknown) => void
}

/** Rows of several. */
export function countAll(waiting: readonly Waiting[]): number {
  return waiting.reduce((sum, { inputs }) => sum + countRows(inputs), 0)
}

/** The first ones, until they have so many rows. */
export function takeRows(waiting: readonly Waiting[], rows: number): readonly Waiting[] {
  let taken = 0
  const count = waiting.findIndex(({ inputs }) => (taken += countRows(inputs)) >= rows)
  return waiting.slice(0, count + 1)
}

/** Gives each request its rows of what was evaluated for all. */
export function answerAll(batch: readonly Waiting[], output: Tensor): void {
  let row = 0
  for (const { inputs, resolve } of batch) {
    const rows = countRows(inputs)
    resolve(sliceRows(output, row, row + rows))
    row += rows
  }
}
