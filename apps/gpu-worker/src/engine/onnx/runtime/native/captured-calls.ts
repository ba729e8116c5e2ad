import { countElements, createTensor, type Tensor } from '../../../tensor/tensor.ts'
import { isOutOfMemory } from '../../../engine-error.ts'
import type { SessionInputs } from '../../network-session.ts'
import type { DeviceMemory } from './device-memory.ts'
import type { OrtApi } from './ort-api.ts'
import { elementsOf, F32, makeRunOptions, wrapInput, wrapMemory } from './values.ts'

/**
 * Calls that are captured at most, each with its inputs and outputs on the device and the launches of its kernels (some
 * megabytes): numbers of rows (batching/row-buckets.ts) times sizes of pictures. ONNX Runtime lets none go before its session.
 */
export const MAX_CALLS = 16

/** What calls are captured of. */
export interface CaptureOptions {
  readonly api: OrtApi
  /** `OrtSession`, opened with `enable_cuda_graph`. */
  readonly session: bigint
  readonly memory: DeviceMemory
  readonly notify: (message: string) => void
}

/** One call with its memory on the device, which must stay where it is. */
interface Call {
  readonly inputs: ReadonlyMap<string, bigint>
  readonly outputs: ReadonlyMap<string, { readonly address: bigint; readonly shape: readonly number[] }>
  /** `OrtIoBinding` and `OrtRunOptions` with the number of its graph. */
  readonly binding: bigint
  readonly runOptions: bigint
  /** Inputs that stay and are on the device already; held elsewhere, if at all. */
  readonly staying: Map<string, WeakRef<Float32Array>>
}

/**
 * Calls of one model whose shapes came before, as CUDA graphs: the hundreds of kernels of a UNet are launched at once instead
 * of one by one, which takes longer than the kernels do where rows are few. A shape's first call is made in the ordinary way
 * and tells the outputs' shapes; its second is captured; ONNX Runtime replays it from then on.
 */
export class CapturedCalls {
  readonly #options: CaptureOptions
  readonly #calls = new Map<string, Call>()
  /** Shapes of outputs by calls that were seen once. */
  readonly #seen = new Map<string, ReadonlyMap<string, readonly number[]>>()
  readonly #refused = new Set<string>()
  #isBroken = false
  /** Numbers of graphs are not given twice: ONNX Runtime would replay the first. 0 is its own. */
  #graphs = 0

  constructor(options: CaptureOptions) {
    this.#options = options
  }

  /** The results of a call that is or can be captured; undefined: it must be made in the ordinary way. */
  run(inputs: SessionInputs, outputs: readonly string[]): Readonly<Record<string, Tensor>> | undefined {
    const key = toKey(inputs, outputs)
    const shapes = this.#seen.get(key)
    if (shapes === undefined || (!this.#calls.has(key) && !this.#mayCapture(key))) return undefined
    try {
      if (!this.#calls.has(key)) this.#prepare(key, inputs, shapes)
      return this.#replay(this.#calls.get(key)!, inputs)
    } catch (error) {
      // The ordinary call that follows tells whether the device is well.
      this.#giveUp(key, error as Error)
      return undefined
    }
  }

  /** Remembers the shapes of an ordinary call's results. */
  learn(inputs: SessionInputs, results: Readonly<Record<string, Tensor>>): void {
    const key = toKey(inputs, Object.keys(results))
    if (!this.#mayCapture(key)) return
    const shapes = Object.entries(results).map(([name, { shape }]) => [name, shape] as const)
    this.#seen.set(key, new Map(shapes))
  }

  /** Frees what calls have on the device. */
  release(): void {
    for (const key of [...this.#calls.keys()]) this.#free(key)
  }

  #mayCapture(key: string): boolean {
    return !this.#isBroken && !this.#refused.has(key) && this.#calls.size < MAX_CALLS
  }

  /** Where memory runs out, smaller calls may still fit; whatever else happens would happen to them too. */
  #giveUp(key: string, error: Error): void {
    const isShort = isOutOfMemory(error)
    const what = isShort ? 'calls of one shape are not' : 'calls are no longer'
    this.#options.notify(`${what} captured as CUDA graphs: ${error.message}`)
    this.#refused.add(key)
    this.#isBroken ||= !isShort
    if (isShort) this.#free(key)
    else this.release()
  }

  #free(key: string): void {
    const { api, memory } = this.#options
    const { inputs, outputs, binding, runOptions } = this.#calls.get(key)!
    this.#calls.delete(key)
    this.#seen.delete(key)
    api.call('ReleaseIoBinding', binding)
    api.call('ReleaseRunOptions', runOptions)
    for (const address of inputs.values()) memory.free(address)
    for (const { address } of outputs.values()) memory.free(address)
  }

  #prepare(key: string, inputs: SessionInputs, shapes: ReadonlyMap<string, readonly number[]>): void {
    const { api, session, memory } = this.#options
    const binding = api.make('CreateIoBinding', session)
    const runOptions = makeRunOptions(api, String((this.#graphs += 1)))
    const call = {
      inputs: new Map<string, bigint>(),
      outputs: new Map(),
      staying: new Map(),
      binding,
      runOptions,
    }
    // What is allocated before a failure is freed with the rest.
    this.#calls.set(key, call)
    const bind = (name: 'BindInput' | 'BindOutput', of: string, value: bigint): void => {
      api.call(name, binding, of, value)
      // The binding holds it.
      api.call('ReleaseValue', value)
    }
    for (const [name, input] of Object.entries(inputs)) {
      const bytes = elementsOf(input).byteLength
      const address = memory.allocate(bytes)
      call.inputs.set(name, address)
      bind('BindInput', name, wrapInput(api, input, { memory: memory.memory, data: address, bytes }))
    }
    for (const [name, shape] of shapes) {
      const bytes = countElements(shape) * Float32Array.BYTES_PER_ELEMENT
      const address = memory.allocate(bytes)
      call.outputs.set(name, { address, shape })
      bind('BindOutput', name, wrapMemory(api, shape, F32, { memory: memory.memory, data: address, bytes }))
    }
  }

  #replay({ inputs: addresses, outputs, binding, runOptions, staying }: Call, inputs: SessionInputs) {
    const { api, session, memory } = this.#options
    for (const [name, input] of Object.entries(inputs)) {
      const lasting = 'stays' in input && input.stays === true ? input.data : undefined
      if (lasting !== undefined && staying.get(name)?.deref() === lasting) continue
      // Until it is there whole, nothing is.
      staying.delete(name)
      memory.upload(addresses.get(name)!, elementsOf(input))
      if (lasting !== undefined) staying.set(name, new WeakRef(lasting))
    }
    memory.settle()
    api.call('RunWithBinding', session, runOptions, binding)
    const results = [...outputs].map(([name, { address, shape }]) => {
      const tensor = createTensor(shape)
      memory.download(tensor.data, address)
      return [name, tensor] as const
    })
    return Object.fromEntries(results)
  }
}

function toKey(inputs: SessionInputs, outputs: readonly string[]): string {
  const shapes = Object.entries(inputs).map(([name, { shape }]) => `${name} ${shape.join('x')}`)
  return [...shapes.sort(), ...[...outputs].sort()].join()
}
