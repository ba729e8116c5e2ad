import type { ModelRuntime } from './model-runtime.ts'
import { NativeRuntime } from './native/native-runtime.ts'
import { NODE_BINDING } from './node-binding.ts'

/**
 * How networks are called on CUDA: through ONNX Runtime's C API on a thread of its own, with calls whose shape comes again
 * captured as CUDA graphs or without, or through its binding for Node. The best first.
 */
export const CUDA_CALLS = ['captured', 'native', 'binding'] as const

/** One of them. */
export type CudaCalls = (typeof CUDA_CALLS)[number]

/** What a runtime is opened with. */
export interface RuntimeOptions {
  /** "cpu" or "cuda:N". */
  readonly device: string
  readonly cudaCalls: CudaCalls
  /** Hears what an operator should know. */
  readonly onNotice?: (message: string) => void
}

/** What loads and runs the models of a device. One a process. */
export function openRuntime({ device, cudaCalls, onNotice }: RuntimeOptions): ModelRuntime {
  // A CPU has nothing else to do while it runs a network, and no copies to save.
  if (device === 'cpu' || cudaCalls === 'binding') return NODE_BINDING
  return new NativeRuntime({ capturesCalls: cudaCalls === 'captured', ...(onNotice && { onNotice }) })
}
