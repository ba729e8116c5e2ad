import { describe, expect, it } from 'vitest'
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
