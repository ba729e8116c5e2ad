import type { Tensor } from '../../../tensor/tensor.ts'
import type { SessionInputs } from '../../network-session.ts'
import type { ModelInput } from '../model-runtime.ts'
import { CapturedCalls } from './captured-calls.ts'
import { readInputs, readOutputs } from './describe-model.ts'
import type { DeviceMemory } from './device-memory.ts'
import { openSession } from './open-session.ts'
import type { OrtApi } from './ort-api.ts'
import type { NativeOptions } from './thread-messages.ts'
import { elementsOf, makeRunOptions, readValue, wrapInput } from './values.ts'

/** What models of one process share. */
export interface NativeResources {
  readonly api: OrtApi
  /** `OrtEnv`. */
  readonly environment: bigint
  /** `OrtMemoryInfo` of plain memory. */
  readonly hostMemory: bigint
  /** Memory of the device that calls are captured on. */
  readonly openDeviceMemory: (device: string) => DeviceMemory
  /** Tells an operator something. */
  readonly notify: (message: string) => void
}

/** ONNX Runtime's words for a model of which some ops would run on the CPU, or choose what comes next. */
const CANNOT_CAPTURE = /graph capture/i

/** A model of ONNX Runtime's; its methods block. */
export class NativeModel {
  readonly inputs: readonly ModelInput[]
  readonly outputs: readonly string[]
  readonly #resources: NativeResources
  readonly #session: bigint
  readonly #captured: CapturedCalls | undefined
  /** `OrtRunOptions` of calls that are not captured; 0: the defaults. */
  readonly #runOptions: bigint

  /** @throws Error with ONNX Runtime's words */
  constructor(bytes: Uint8Array, options: NativeOptions, resources: NativeResources) {
    const { api, environment, notify, openDeviceMemory } = resources
    this.#resources = resources
    const open = (capturesCalls: boolean) =>
      openSession(api, environment, bytes, { ...options, capturesCalls })
    const wantsCapture = options.capturesCalls && options.device !== 'cpu'
    const { session, captures } = wantsCapture
      ? openToCapture(open)
      : { session: open(false), captures: false }
    this.#session = session
    this.inputs = readInputs(api, session)
    this.outputs = readOutputs(api, session)
    this.#runOptions = captures ? makeRunOptions(api, '-1') : 0n
    this.#captured = captures
      ? new CapturedCalls({ api, session, notify, memory: openDeviceMemory(options.device) })
      : undefined
  }

  /**
   * Runs it once.
   * @throws Error with ONNX Runtime's words
   */
  run(inputs: SessionInputs, outputs: readonly string[]): Readonly<Record<string, Tensor>> {
    const captured = this.#captured?.run(inputs, outputs)
    if (captured !== undefined) return captured
    const results = this.#runOnce(inputs, outputs)
    this.#captured?.learn(inputs, results)
    return results
  }

  /** Frees it. */
  release(): void {
    const { api } = this.#resources
    this.#captured?.release()
    if (this.#runOptions !== 0n) api.call('ReleaseRunOptions', this.#runOptions)
    api.call('ReleaseSession', this.#session)
  }

  #runOnce(inputs: SessionInputs, outputs: readonly string[]): Readonly<Record<string, Tensor>> {
    const { api, hostMemory } = this.#resources
    const names = Object.keys(inputs)
    const values: bigint[] = []
    try {
      for (const input of Object.values(inputs)) {
        const data = elementsOf(input)
        values.push(wrapInput(api, input, { memory: hostMemory, data, bytes: data.byteLength }))
      }
      const made: (bigint | null)[] = outputs.map(() => null)
      api.call(
        'Run',
        ...[this.#session, this.#runOptions, names, values, names.length],
        ...[outputs, outputs.length, made],
      )
      values.push(...(made as bigint[]))
      return Object.fromEntries(outputs.map((name, i) => [name, readValue(api, made[i]!)]))
    } finally {
      for (const value of values) api.call('ReleaseValue', value)
    }
  }
}

function openToCapture(open: (captures: boolean) => bigint): { session: bigint; captures: boolean } {
  try {
    return { session: open(true), captures: true }
  } catch (error) {
    if (!CANNOT_CAPTURE.test((error as Error).message)) throw error
    return { session: open(false), captures: false }
  }
}
