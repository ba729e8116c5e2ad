import { describe, expect, it } from 'vitest'
import { createTensor } from '../../tensor/tensor.ts'
import type { Graph } from '../graph.ts'
import type { Session } from '../network-session.ts'
import { createCudaSession } from './cuda-session.ts'

const GRAPH: Graph = {
  inputs: [{ name: 'x', dtype: 'F32', shape: [2] }],
  outputs: [{ name: 'y', dtype: 'F32', shape: [2] }],
  ops: [
    { type: 'Linear', domain: 'atelier.layers', inputs: ['x', 'w'], outputs: ['v1'], attributes: {} },
    { type: 'Identity', domain: '', inputs: ['v1'], outputs: ['y'], attributes: {} },
  ],
  constants: [{ name: 'w', dtype: 'F32', shape: [2, 2], values: [1, 0, 0, 1] }],
  weights: [],
}
const INPUTS = { x: createTensor([2], Float32Array.of(1, 2)) }

/** A device on which half precision overflows; `opened` notes what was opened and let go. */
function createDevice(half: readonly number[], wide: readonly number[]) {
  const opened: string[] = []
  const notes: string[] = []
  const open = async (graph: Graph): Promise<Session> => {
    const precision = graph.ops.some(({ attributes }) => attributes['to'] === 10) ? 'f16' : 'f32'
    opened.push(precision)
    return {
      run: async () => ({ y: createTensor([2], Float32Array.from(precision === 'f16' ? half : wide)) }),
      release: async () => void opened.push(`${precision} released`),
    }
  }
  return { opened, notes, options: { open, onWidened: (note: string) => notes.push(note) } }
}

describe('a session on CUDA', () => {
  it('stays in half precision while its numbers are numbers', async () => {
    const { opened, notes, options } = createDevice([3, 4], [5, 6])
    const session = await createCudaSession(GRAPH, options)
    expect([...(await session.run(INPUTS))['y']!.data]).toEqual([3, 4])
    expect([opened, notes]).toEqual([['f16'], []])
  })

  it.each([NaN, Infinity])(
    'computes again in f32 what gave %s, says so once, and stays there',
    async (bad) => {
      const { opened, notes, options } = createDevice([3, bad], [5, 6])
      const session = await createCudaSession(GRAPH, options)
      expect([...(await session.run(INPUTS))['y']!.data]).toEqual([5, 6])
      expect([...(await session.run(INPUTS))['y']!.data]).toEqual([5, 6])
      expect(opened).toEqual(['f16', 'f16 released', 'f32'])
      expect(notes).toHaveLength(1)
      await session.release()
      expect(opened.at(-1)).toBe('f32 released')
    },
  )

  it.each([NaN, Infinity])('stays in half precision where it was given %s', async (bad) => {
    const { opened, options } = createDevice([NaN, 4], [5, 6])
    const session = await createCudaSession(GRAPH, options)
    const results = await session.run({ x: createTensor([2], Float32Array.of(1, bad)) })
    expect(results['y']!.data[0]).toBeNaN()
    expect(opened).toEqual(['f16'])
  })

  it('opens f32 again at the next call where there was no room for it', async () => {
    const { opened, options } = createDevice([NaN, NaN], [5, 6])
    let hasRoom = false
    const open: typeof options.open = (graph) =>
      opened.length > 0 && !hasRoom
        ? Promise.reject(new Error('Failed to allocate memory'))
        : options.open(graph)
    const session = await createCudaSession(GRAPH, { open })
    await expect(session.run(INPUTS)).rejects.toThrow('Failed to allocate memory')
    hasRoom = true
    expect([...(await session.run(INPUTS))['y']!.data]).toEqual([5, 6])
    expect(opened).toEqual(['f16', 'f16 released', 'f32'])
  })

  it('widens once for runs that overflow side by side', async () => {
    const { opened, options } = createDevice([NaN, NaN], [5, 6])
    const session = await createCudaSession(GRAPH, options)
    const results = await Promise.all([session.run(INPUTS), session.run(INPUTS), session.run(INPUTS)])
    expect(results.map(({ y }) => [...y!.data])).toEqual([
      [5, 6],
      [5, 6],
      [5, 6],
    ])
    expect(opened.filter((note) => note === 'f32')).toHaveLength(1)
  })

  it('gives what f32 gives, even where that is no number either', async () => {
    const { options } = createDevice([NaN, 0], [NaN, 0])
    const session = await createCudaSession(GRAPH, options)
    expect((await session.run(INPUTS))['y']!.data[0]).toBeNaN()
  })
})
