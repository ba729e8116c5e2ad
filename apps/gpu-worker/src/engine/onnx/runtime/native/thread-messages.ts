import type { Tensor } from '../../../tensor/tensor.ts'
import type { SessionInputs } from '../../network-session.ts'
import type { ModelInput, ModelOptions } from '../model-runtime.ts'

/** What a model is loaded with on the thread. */
export interface NativeOptions extends ModelOptions {
  /** Calls of a shape that comes again are captured as CUDA graphs, which launch all their kernels at once. */
  readonly capturesCalls: boolean
}

/** An input the thread keeps under a number; with its numbers where they are new to it. */
export interface KeptOnThread {
  readonly shape: readonly number[]
  readonly kept: number
  readonly data?: Float32Array
}

/** Inputs by name, those that stay by what the thread has of them. */
export type ThreadInputs = Readonly<Record<string, SessionInputs[string] | KeptOnThread>>

/** What the thread is asked; each request is answered with its number. */
export type ThreadRequest = { readonly id: number } & (
  | { readonly kind: 'load'; readonly bytes: Uint8Array; readonly options: NativeOptions }
  | {
      readonly kind: 'run'
      readonly model: number
      readonly inputs: ThreadInputs
      readonly outputs: readonly string[]
      /** What the thread need not keep after this call. */
      readonly dropped: readonly number[]
    }
  | { readonly kind: 'release'; readonly model: number }
)

/** A model that was loaded on the thread. */
export interface LoadedOnThread {
  readonly model: number
  readonly inputs: readonly ModelInput[]
  readonly outputs: readonly string[]
}

/** What a call gave, and how long it took on the thread. */
export interface RunOnThread {
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly seconds: number
}

/** What is answered, or ONNX Runtime's words; what an operator should know besides. */
export type ThreadAnswer =
  | { readonly id: number; readonly result: LoadedOnThread | RunOnThread | undefined }
  | { readonly id: number; readonly error: string }
  | { readonly notice: string }
