import type { BusyListener } from '../../busy-listener.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { SessionInputs } from '../network-session.ts'

/** What a model is loaded with. */
export interface ModelOptions {
  /** "cpu" or "cuda:N". */
  readonly device: string
  /** Threads of one run on the CPU; 0: one a physical core. */
  readonly threads: number
  /** "all" fuses and folds what it can; "none" leaves every op as it is written. */
  readonly optimization: 'all' | 'none'
  /** Whether a captured call of it does the same when it is replayed; absent: it does. */
  readonly isReplayable?: boolean
  /** Folder that the files of its weights are given relative to; absent: they are in the model. */
  readonly weightsFolder?: string
}

/** One input of a model. */
export interface ModelInput {
  readonly name: string
  readonly isFloat: boolean
  /** Sizes; undefined: any. */
  readonly shape: readonly (number | undefined)[]
}

/** A model in memory. */
export interface RunnableModel {
  readonly inputs: readonly ModelInput[]
  readonly outputs: readonly string[]
  /** Runs it once for some of its outputs, which must be f32; inputs must not change until it is done. */
  run(
    inputs: SessionInputs,
    outputs: readonly string[],
    onBusy?: BusyListener,
  ): Promise<Readonly<Record<string, Tensor>>>
  /** Frees its memory; it must not be used afterwards. */
  release(): Promise<void>
}

/** What loads and runs models. */
export interface ModelRuntime {
  /** Loads a model given as bytes (ModelProto). @throws Error with ONNX Runtime's words */
  load(bytes: Uint8Array, options: ModelOptions): Promise<RunnableModel>
}
