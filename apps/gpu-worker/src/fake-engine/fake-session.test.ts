import { describe, expect, it } from 'vitest'
import type { Graph } from '../engine/onnx/graph-builder.ts'
import { createTensor } from '../engine/tensor/tensor.ts'
import { createFakeSession } from './fake-session.ts'

const createGraph = (inputs: Graph['inputs'], outputs: Graph['outputs']): Graph => ({
  ...{ inputs, outputs, ops: [], constants: [], weights: [] },
})
const port = (name: string, ...shape: (number | string)[]) => ({ name, dtype: 'F32' as const, shape })

describe('createFakeSession', () => {
  it('answers zeros of the shape that inputs and declaration give', async () => {
    const graph = createGraph(
      [port('latent', 'batch', 4, 'height', 'width'), port('timesteps', 'batch')],
      [port('prediction', 'batch', 4, 'height', 'width')],
    )
    const { prediction } = await createFakeSession(graph, 0).run({
      latent: createTensor([3, 4, 5, 7]),
      timesteps: createTensor([3]),
    })
    expect(prediction?.shape).toEqual([3, 4, 5, 7])
    expect(prediction?.data.every((value) => value === 0)).toBe(true)
  })

  it('knows the other side of an autoencoder', async () => {
    const decoder = createGraph(
      [port('latent', 'batch', 4, 'height', 'width')],
      [port('pixels', 'batch', 3, 'rows', 'columns')],
    )
    const decoded = await createFakeSession(decoder, 0).run({ latent: createTensor([1, 4, 8, 12]) })
    expect(decoded['pixels']?.shape).toEqual([1, 3, 64, 96])
    const encoder = createGraph(
      [port('pixels', 'batch', 3, 'rows', 'columns')],
      [port('moments', 'batch', 8, 'height', 'width')],
    )
    const encoded = await createFakeSession(encoder, 0).run({ pixels: createTensor([1, 3, 64, 96]) })
    expect(encoded['moments']?.shape).toEqual([1, 8, 8, 12])
  })

  it('gives only the outputs that are asked for', async () => {
    const graph = createGraph([port('tokens', 'batch', 77)], [port('a', 'batch', 1), port('b', 'batch', 2)])
    expect(
      Object.keys(await createFakeSession(graph, 0).run({ tokens: createTensor([1, 77]) }, ['b'])),
    ).toEqual(['b'])
  })

  it('says which size it cannot know', async () => {
    const graph = createGraph([port('x', 'batch')], [port('y', 'depth')])
    await expect(createFakeSession(graph, 0).run({ x: createTensor([1]) })).rejects.toThrow('depth')
  })
})
