import type { EventEmitter } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isDeviceLost } from '../../../engine-error.ts'
import { createTensor } from '../../../tensor/tensor.ts'
import { NativeRuntime } from './native-runtime.ts'
import type { ThreadRequest } from './thread-messages.ts'

/** Stands in for threads: what they are asked is answered when the test says so. */
const { threads, FakeThread } = await vi.hoisted(async () => {
  const { EventEmitter } = await import('node:events')
  const threads: (EventEmitter & { asked: unknown[] })[] = []
  class FakeThread extends EventEmitter {
    readonly asked: unknown[] = []
    constructor() {
      super()
      threads.push(this)
    }
    postMessage(message: unknown): void {
      this.asked.push(message)
    }
    ref(): void {
      return undefined
    }
    unref(): void {
      return undefined
    }
  }
  return { threads, FakeThread }
})
vi.mock('node:worker_threads', () => ({ Worker: FakeThread }))
afterEach(() => threads.splice(0))

const OPTIONS = { device: 'cpu', threads: 1, optimization: 'all' } as const
const askedOf = (thread: number) => threads[thread]!.asked as ThreadRequest[]
const answer = (thread: EventEmitter, id: number, result: unknown) => thread.emit('message', { id, result })

/** A runtime with a model on its thread. */
async function openModel() {
  const runtime = new NativeRuntime({ capturesCalls: false })
  const loading = runtime.load(new Uint8Array(1), OPTIONS)
  answer(threads[0]!, askedOf(0)[0]!.id, { model: 1, inputs: [], outputs: ['sum'] })
  return { runtime, model: await loading }
}

describe('calls that are captured', () => {
  it.each([
    [true, undefined, true],
    [true, false, false],
    [false, true, false],
  ])('with captures %s, of a model that is replayable: %s: %s', (capturesCalls, isReplayable, expected) => {
    const runtime = new NativeRuntime({ capturesCalls })
    const options = { ...OPTIONS, ...(isReplayable !== undefined && { isReplayable }) }
    void runtime.load(new Uint8Array(1), options).catch(() => undefined)
    expect(askedOf(0)[0]).toMatchObject({ kind: 'load', options: { capturesCalls: expected } })
  })
})

describe('a thread of ONNX Runtime that fails', () => {
  it('fails what waits for it; the next request starts another, which its end leaves alone', async () => {
    const { runtime } = await openModel()
    const first = runtime.load(new Uint8Array(1), OPTIONS)
    threads[0]!.emit('error', new Error('out of stack'))
    await expect(first).rejects.toThrow('the thread of ONNX Runtime failed: out of stack')
    // Every loaded model went with it.
    await expect(first).rejects.toSatisfy(isDeviceLost)
    const second = runtime.load(new Uint8Array(1), OPTIONS)
    expect(threads).toHaveLength(2)
    // A thread ends after it has failed.
    threads[0]!.emit('exit', 1)
    answer(threads[1]!, askedOf(1)[0]!.id, { model: 2, inputs: [], outputs: [] })
    expect((await second).outputs).toEqual([])
    void runtime.load(new Uint8Array(1), OPTIONS).catch(() => undefined)
    expect(threads).toHaveLength(2)
  })

  it('is followed by one that has none of the inputs that stay', async () => {
    const { runtime, model } = await openModel()
    const context = { ...createTensor([2]), stays: true }
    const inputOf = (thread: number) => {
      const request = askedOf(thread).at(-1)!
      return request.kind === 'run' ? request.inputs['context'] : undefined
    }
    for (const isNew of [true, false]) {
      void model.run({ context }, ['sum']).catch(() => undefined)
      expect('data' in inputOf(0)!).toBe(isNew)
    }
    threads[0]!.emit('exit', 1)
    const loading = runtime.load(new Uint8Array(1), OPTIONS)
    answer(threads[1]!, askedOf(1)[0]!.id, { model: 1, inputs: [], outputs: ['sum'] })
    void (await loading).run({ context }, ['sum']).catch(() => undefined)
    expect(inputOf(1)).toEqual({ shape: [2], kept: 1, data: context.data })
  })
})
