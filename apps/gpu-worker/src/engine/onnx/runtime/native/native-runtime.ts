import { Worker } from 'node:worker_threads'
// Keeps the library in the process: let go with the thread, it would be missed by CUDA's provider when the process ends.
import 'onnxruntime-node'
import { LOST_THREAD } from '../../../engine-error.ts'
import { isTypescriptNative } from '../../../../typescript.ts'
import type { ModelRuntime, RunnableModel } from '../model-runtime.ts'
import type { SessionInputs } from '../../network-session.ts'
import { KeptInputs } from './kept-inputs.ts'
import type {
  LoadedOnThread,
  RunOnThread,
  ThreadAnswer,
  ThreadInputs,
  ThreadRequest,
} from './thread-messages.ts'

/** What a native runtime is made with. */
export interface NativeRuntimeOptions {
  /** Calls on CUDA whose shape comes again are captured as CUDA graphs. */
  readonly capturesCalls: boolean
  /** Hears what an operator should know. */
  readonly onNotice?: (message: string) => void
}

/** The thread, and which inputs it has. */
interface OwnThread {
  readonly thread: Worker
  readonly kept: KeptInputs
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** A request without its number. */
type Asked = ThreadRequest extends infer R ? (R extends ThreadRequest ? Omit<R, 'id'> : never) : never

/**
 * ONNX Runtime's C API on a thread of its own, on the library that onnxruntime-node ships (docs/decisions/0015). Unlike its
 * binding it lets whoever waits for a run go on with other work, and it reaches CUDA's options and captured graphs. One thread,
 * because what CUDA prepares for calls belongs to the thread that makes them, and two runs at once would only share the device;
 * one a process, because the library for foreign calls may not be loaded in two threads.
 */
export class NativeRuntime implements ModelRuntime {
  readonly #options: NativeRuntimeOptions
  readonly #waiting = new Map<number, Waiting>()
  #worker: OwnThread | undefined
  #requests = 0

  constructor(options: NativeRuntimeOptions) {
    this.#options = options
  }

  readonly load: ModelRuntime['load'] = async (bytes, options) => {
    const capturesCalls = this.#options.capturesCalls && options.isReplayable !== false
    const asked = { kind: 'load', bytes, options: { ...options, capturesCalls } } as const
    const { model, inputs, outputs } = (await this.#ask(asked)) as LoadedOnThread
    return {
      inputs,
      outputs,
      run: async (values, wanted, onBusy) => {
        const worker = (this.#worker ??= this.#start())
        const [inputs, dropped] = [toThreadInputs(values, worker.kept), worker.kept.drop()]
        const asked = { kind: 'run', model, inputs, outputs: wanted, dropped } as const
        const { outputs, seconds } = (await this.#ask(asked)) as RunOnThread
        onBusy?.(seconds)
        return outputs
      },
      release: async () => void (await this.#ask({ kind: 'release', model })),
    } satisfies RunnableModel
  }

  #ask(asked: Asked): Promise<unknown> {
    const { thread } = (this.#worker ??= this.#start())
    const id = (this.#requests += 1)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      thread.ref()
      thread.postMessage({ id, ...asked })
    })
  }

  #start(): OwnThread {
    const worker = new Worker(toModuleUrl(new URL('serve-thread.ts', import.meta.url)), { execArgv: [] })
    worker.on('message', (answer: ThreadAnswer) => {
      if ('notice' in answer) this.#options.onNotice?.(answer.notice)
      else this.#settle(answer, worker)
    })
    const fail = (error: Error): void => {
      // A thread that failed ends as well; what waits then is another's.
      if (this.#worker?.thread !== worker) return
      this.#worker = undefined
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    }
    worker.on('error', (cause: Error) =>
      fail(new Error(`${LOST_THREAD} failed: ${cause.message}`, { cause })),
    )
    worker.on('exit', () => fail(new Error(`${LOST_THREAD} ended`)))
    return { thread: worker, kept: new KeptInputs() }
  }

  #settle(answer: Exclude<ThreadAnswer, { readonly notice: string }>, worker: Worker): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    // A process that waits for nothing may end.
    if (this.#waiting.size === 0) worker.unref()
    if ('error' in answer) waiting?.reject(new Error(answer.error))
    else waiting?.resolve(answer.result)
  }
}

/** Inputs as they are sent: what stays, once. */
function toThreadInputs(inputs: SessionInputs, kept: KeptInputs): ThreadInputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [name, toThreadInput(input, kept)] as const),
  )
}

function toThreadInput(input: SessionInputs[string], kept: KeptInputs): ThreadInputs[string] {
  if ('integers' in input) return input
  const { shape, data, stays = false } = input
  // Sending a part of an array would send the whole.
  const own = (): Float32Array => (data.byteLength < data.buffer.byteLength ? data.slice() : data)
  const known = stays ? kept.refer(data) : undefined
  if (known === undefined) return { shape, data: own() }
  return { shape, kept: known.number, ...(known.isNew && { data: own() }) }
}

/** A module that teaches its thread TypeScript first, where Node does not know it: `--import tsx` reaches the main thread only. */
function toModuleUrl(file: URL): URL {
  if (isTypescriptNative()) return file
  const tsx = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const source = `import { register } from ${tsx}; register(); await import(${JSON.stringify(file.href)})`
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}
