import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import type { Graph, Op } from './graph.ts'
import type { ModelOptions, ModelRuntime } from './runtime/model-runtime.ts'
import { createSession } from './session.ts'

const graphOf = (op: Pick<Op, 'type' | 'inputs' | 'attributes'>): Graph => ({
  inputs: ['x', 'y'].map((name) => ({ name, dtype: 'F32', shape: [2, 'more'] })),
  outputs: [{ name: 'z', dtype: 'F32' }],
  ops: [{ ...op, domain: '', outputs: ['z'] }],
  constants: [],
  weights: [],
})

/** A runtime that notes what models are loaded with. */
function createRuntime() {
  const loaded: ModelOptions[] = []
  const model = { inputs: [], outputs: ['z'], run: async () => ({}), release: async () => undefined }
  const load: ModelRuntime['load'] = async (_, options) => {
    loaded.push(options)
    return model
  }
  return { loaded, runtime: { load } }
}

describe('a session for which memory runs out', () => {
  const graph = graphOf({ type: 'Add', inputs: ['x', 'y'], attributes: {} })
  const OUT_OF_MEMORY = 'Failed to allocate memory for requested buffer of size 536870912'
  const base = { device: 'cuda:0', threads: 0, isAllowedFile: () => true }
  /** Fails as long as there is no room. */
  const whereThereIsRoom = (state: { rooms: number }, rooms: number, message = OUT_OF_MEMORY) => {
    if (state.rooms < rooms) throw new Error(message)
  }

  it('asks for room and tries once more, when it is loaded and when it is called', async () => {
    const state = { rooms: 0 }
    const { runtime } = createRuntime()
    const load: ModelRuntime['load'] = async (bytes, options) => {
      whereThereIsRoom(state, 1)
      const model = await runtime.load(bytes, options)
      return { ...model, run: async () => (whereThereIsRoom(state, 2), { z: createTensor([1]) }) }
    }
    const makeRoom = async () => void (state.rooms += 1)
    const session = await createSession(graph, { ...base, runtime: { load }, makeRoom })
    expect(state.rooms).toBe(1)
    await session.run({})
    expect(state.rooms).toBe(2)
  })

  it('fails in the device’s words when there is none, and asks for nothing for other errors', async () => {
    const state = { rooms: 0 }
    const makeRoom = async () => void (state.rooms += 1)
    const failing = (message: string): ModelRuntime => ({
      load: async () => {
        throw new Error(message)
      },
    })
    const open = (message: string) => createSession(graph, { ...base, runtime: failing(message), makeRoom })
    await expect(open(OUT_OF_MEMORY)).rejects.toThrow(OUT_OF_MEMORY)
    expect(state.rooms).toBe(1)
    await expect(open('no such op')).rejects.toThrow('no such op')
    expect(state.rooms).toBe(1)
  })
})

describe('a session on CUDA', () => {
  it.each([
    ['Add', {}, true],
    ['Concat', { axis: 1 }, false],
  ] as const)('tells its runtime whether calls of %s can be replayed', async (type, attributes, expected) => {
    const { loaded, runtime } = createRuntime()
    const options = { device: 'cuda:0', threads: 0, isAllowedFile: () => true, runtime }
    await createSession(graphOf({ type, inputs: ['x', 'y'], attributes }), options)
    expect(loaded).toMatchObject([{ device: 'cuda:0', isReplayable: expected }])
  })
})
