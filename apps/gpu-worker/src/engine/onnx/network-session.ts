import type { BusyListener } from '../busy-listener.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** An f32 input. Numbers that stay are given again by later calls, in the same array, and never change. */
export type FloatInput = Tensor & { readonly stays?: boolean }

/** Inputs by name: f32 tensors, or int64 values with their shape. */
export type SessionInputs = Readonly<
  Record<string, FloatInput | { readonly shape: readonly number[]; readonly integers: BigInt64Array }>
>

/** A loaded network. On the CPU `run` blocks the process until it is done (runtime/node-binding.ts). */
export interface Session {
  /** Runs it once; with names, only those outputs are computed. */
  run(
    inputs: SessionInputs,
    outputs?: readonly string[],
    onBusy?: BusyListener,
  ): Promise<Readonly<Record<string, Tensor>>>
  /** Frees its memory; it must not be used afterwards. */
  release(): Promise<void>
}
