import type { CudaCalls } from './cuda-calls.ts'
import type { ModelRuntime } from './model-runtime.ts'
import { NativeRuntime } from './native/native-runtime.ts'
import { NODE_BINDING } from './node-binding.ts'

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
