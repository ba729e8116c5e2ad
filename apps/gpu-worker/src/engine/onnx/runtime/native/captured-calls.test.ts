import koffi from 'koffi'
import { afterEach, describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../../../tensor/tensor.ts'
import { toModelBytes } from '../../model-proto.ts'
import { CapturedCalls, MAX_CALLS } from './captured-calls.ts'
import type { DeviceMemory } from './device-memory.ts'
import { LOG_ERRORS, openSession } from './open-session.ts'
import { HOST_MEMORY, OrtApi } from './ort-api.ts'

const api = new OrtApi()
const environment = api.make('CreateEnv', LOG_ERRORS, 'test')

/** sum = a + b, on the CPU: it is bound and run as on a GPU, and takes no notice of the number of a graph. */
const openSum = (): bigint =>
  openSession(
    api,
    environment,
    toModelBytes({
      inputs: ['a', 'b'].map((name) => ({ name, dtype: 'F32', shape: ['n'] })),
      outputs: [{ name: 'sum', dtype: 'F32', shape: ['n'] }],
      ops: [{ type: 'Add', domain: '', inputs: ['a', 'b'], outputs: ['sum'], attributes: {} }],
      constants: [],
      weights: [],
    }),
    { device: 'cpu', threads: 1, optimization: 'all', capturesCalls: false },
  )

/** Memory of this process in place of a device's, which counts what is held and can run out. */
class HostMemory implements DeviceMemory {
  readonly memory = api.make('CreateMemoryInfo', ...HOST_MEMORY)
  readonly held = new Map<bigint, Uint8Array>()
  uploads = 0
  isFull = false

  allocate(bytes: number): bigint {
    if (this.isFull) throw new Error('CUDA failure 2: out of memory ; cudaMalloc')
    const block = new Uint8Array(bytes)
    this.held.set(koffi.address(block), block)
    return koffi.address(block)
  }
  free(address: bigint): void {
    expect(this.held.delete(address)).toBe(true)
  }
  upload(address: bigint, source: NodeJS.TypedArray): void {
    this.uploads += 1
    this.held.get(address)!.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength))
  }
  download(target: NodeJS.TypedArray, address: bigint): void {
    new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(this.held.get(address)!)
  }
  settle(): void {
    return undefined
  }
}

const vector = (...values: number[]): Tensor => createTensor([values.length], Float32Array.from(values))

const sessions: bigint[] = []
const open = () => {
  const memory = new HostMemory()
  const notices: string[] = []
  const session = openSum()
  sessions.push(session)
  const calls = new CapturedCalls({ api, session, memory, notify: (notice) => notices.push(notice) })
  return { calls, memory, notices }
}
afterEach(() => {
  for (const session of sessions.splice(0)) api.call('ReleaseSession', session)
})

describe('calls captured as graphs', () => {
  it('are those whose shapes came before', () => {
    const { calls } = open()
    const inputs = { a: vector(1, 2), b: vector(3, 4) }
    expect(calls.run(inputs, ['sum'])).toBeUndefined()
    calls.learn(inputs, { sum: vector(4, 6) })
    expect(calls.run(inputs, ['sum'])).toEqual({ sum: vector(4, 6) })
    expect(calls.run({ a: vector(1), b: vector(2) }, ['sum'])).toBeUndefined()
  })

  it('take new inputs to the same place each time', () => {
    const { calls, memory } = open()
    calls.learn({ a: vector(0, 0), b: vector(0, 0) }, { sum: vector(0, 0) })
    for (let i = 0; i < 5; i += 1) {
      const result = calls.run({ a: vector(i, 2 * i), b: vector(10, 20) }, ['sum'])
      expect(result).toEqual({ sum: vector(i + 10, 2 * i + 20) })
    }
    expect(memory.held.size).toBe(3)
    expect(memory.uploads).toBe(10)
  })

  it('leave inputs that stay where they are, until they are others', () => {
    const { calls, memory } = open()
    const [context, other] = [vector(1, 2), vector(5, 6)]
    calls.learn({ a: context, b: context }, { sum: context })
    const run = (a: Tensor, value: number) =>
      calls.run({ a: { ...a, stays: true }, b: vector(value, value) }, ['sum'])
    expect(run(context, 10)).toEqual({ sum: vector(11, 12) })
    expect(run(context, 20)).toEqual({ sum: vector(21, 22) })
    expect(memory.uploads).toBe(3)
    expect(run(other, 20)).toEqual({ sum: vector(25, 26) })
    expect(memory.uploads).toBe(5)
    // An equal one is another.
    expect(run(vector(1, 2), 20)).toEqual({ sum: vector(21, 22) })
    expect(memory.uploads).toBe(7)
  })

  it('are kept apart by shape', () => {
    const { calls } = open()
    for (const values of [[1], [1, 2], [1, 2, 3]]) {
      const inputs = { a: vector(...values), b: vector(...values) }
      calls.learn(inputs, { sum: inputs.a })
      expect(calls.run(inputs, ['sum'])!['sum']!.shape).toEqual([values.length])
    }
    expect(calls.run({ a: vector(5, 6), b: vector(1, 1) }, ['sum'])).toEqual({ sum: vector(6, 7) })
  })

  it('hand out results that later calls leave alone', () => {
    const { calls } = open()
    const inputs = { a: vector(1), b: vector(1) }
    calls.learn(inputs, { sum: vector(2) })
    const first = calls.run(inputs, ['sum'])
    calls.run({ a: vector(7), b: vector(7) }, ['sum'])
    expect(first).toEqual({ sum: vector(2) })
  })

  it('are bounded in number; further shapes are called in the ordinary way', () => {
    const { calls, memory } = open()
    for (let n = 1; n <= MAX_CALLS + 1; n += 1) {
      const values = vector(...Array.from({ length: n }, () => 1))
      calls.learn({ a: values, b: values }, { sum: values })
      const result = calls.run({ a: values, b: values }, ['sum'])
      expect(result === undefined).toBe(n > MAX_CALLS)
    }
    expect(memory.held.size).toBe(3 * MAX_CALLS)
  })

  it('free what they hold', () => {
    const { calls, memory } = open()
    const inputs = { a: vector(1), b: vector(1) }
    calls.learn(inputs, { sum: vector(2) })
    calls.run(inputs, ['sum'])
    calls.release()
    expect(memory.held.size).toBe(0)
  })

  it('are made in the ordinary way where memory runs out, smaller ones are captured', () => {
    const { calls, memory, notices } = open()
    const [large, small] = [vector(1, 1), vector(1)]
    for (const values of [large, small]) calls.learn({ a: values, b: values }, { sum: values })
    memory.isFull = true
    expect(calls.run({ a: large, b: large }, ['sum'])).toBeUndefined()
    memory.isFull = false
    calls.learn({ a: large, b: large }, { sum: large })
    expect(calls.run({ a: large, b: large }, ['sum'])).toBeUndefined()
    expect(memory.held.size).toBe(0)
    expect(calls.run({ a: small, b: small }, ['sum'])).toEqual({ sum: vector(2) })
    expect(notices).toEqual([expect.stringMatching(/one shape are not captured.*out of memory/)])
  })

  it('are given up altogether when one fails, and it is said why', () => {
    const { calls, memory, notices } = open()
    const [inputs, others] = [
      { a: vector(1), b: vector(1) },
      { a: vector(1, 1), b: vector(1, 1) },
    ]
    for (const own of [inputs, others]) calls.learn(own, { sum: own.a })
    calls.run(inputs, ['sum'])
    memory.upload = () => {
      throw new Error('CUDA failure 900: operation not permitted when stream is capturing')
    }
    expect(calls.run(inputs, ['sum'])).toBeUndefined()
    expect(calls.run(others, ['sum'])).toBeUndefined()
    expect(memory.held.size).toBe(0)
    expect(notices).toEqual([expect.stringMatching(/no longer captured.*900/)])
  })
})
