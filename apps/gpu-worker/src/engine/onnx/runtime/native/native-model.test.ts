import { afterAll, describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../../../tensor/tensor.ts'
import type { Graph } from '../../graph.ts'
import { toModelBytes } from '../../model-proto.ts'
import { NativeModel } from './native-model.ts'
import { LOG_ERRORS } from './open-session.ts'
import { HOST_MEMORY, OrtApi, type CArgument, type OrtFunction } from './ort-api.ts'

/** The C API, with the values of ONNX Runtime that are alive by their address. */
class CountingApi extends OrtApi {
  readonly alive = new Set<bigint>()

  override call(name: OrtFunction, ...args: readonly CArgument[]): void {
    super.call(name, ...args)
    if (name === 'ReleaseValue') expect(this.alive.delete(args[0] as bigint)).toBe(true)
    if (name === 'Run') for (const value of args.at(-1) as bigint[]) this.alive.add(value)
  }

  override make(name: OrtFunction, ...args: readonly CArgument[]): bigint {
    const made = super.make(name, ...args)
    if (name === 'CreateTensorWithDataAsOrtValue') this.alive.add(made)
    return made
  }
}

const api = new CountingApi()
const resources = {
  ...{ api, environment: api.make('CreateEnv', LOG_ERRORS, 'test'), notify: () => undefined },
  hostMemory: api.make('CreateMemoryInfo', ...HOST_MEMORY),
  openDeviceMemory: () => {
    throw new Error('there is no device')
  },
}
/** sum = a + b of any length, and their comparison, which is not f32. */
const SUM: Graph = {
  inputs: ['a', 'b'].map((name) => ({ name, dtype: 'F32', shape: ['n'] })),
  outputs: [
    { name: 'sum', dtype: 'F32', shape: ['n'] },
    { name: 'whole', dtype: 'I64', shape: ['n'] },
  ],
  ops: [
    { type: 'Add', domain: '', inputs: ['a', 'b'], outputs: ['sum'], attributes: {} },
    { type: 'Cast', domain: '', inputs: ['sum'], outputs: ['whole'], attributes: { to: 7 } },
  ],
  constants: [],
  weights: [],
}
const model = new NativeModel(
  toModelBytes(SUM),
  { device: 'cpu', threads: 1, optimization: 'all', capturesCalls: false },
  resources,
)
afterAll(() => model.release())

const vector = (...values: number[]): Tensor => createTensor([values.length], Float32Array.from(values))

describe('a call through the C API', () => {
  it('leaves no value of ONNX Runtime behind', () => {
    for (let i = 0; i < 10; i += 1)
      expect(model.run({ a: vector(i, 1), b: vector(2, 3) }, ['sum'])).toEqual({ sum: vector(i + 2, 4) })
    expect(api.alive.size).toBe(0)
  })

  it.each<[string, Readonly<Record<string, Tensor>>, readonly string[]]>([
    ['while it runs', { a: vector(1, 2), b: vector(1, 2, 3) }, ['sum']],
    ['for want of an input', { a: vector(1) }, ['sum']],
    ['for a result of another type, the other ones made', { a: vector(1), b: vector(1) }, ['sum', 'whole']],
    ['for an input that is no tensor', { a: vector(1), b: { ...vector(1, 2), shape: [5] } }, ['sum']],
  ])('leaves none behind when it fails %s', (_, inputs, outputs) => {
    expect(() => model.run(inputs, outputs)).toThrow()
    expect(api.alive.size).toBe(0)
  })
})
