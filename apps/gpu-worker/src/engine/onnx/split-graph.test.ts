import { afterAll, describe, expect, it } from 'vitest'
import { detectUnet } from '../checkpoint/detect-unet.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { loadCheckpoint } from '../models/load-model.ts'
import { buildUnet } from '../networks/unet.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import type { Graph } from './graph.ts'
import { splitGraph } from './split-graph.ts'

const path = unpackTinyCheckpoint()
const file = readWeightFile(path)
const graph = buildUnet(file, detectUnet(file, 'model.diffusion_model.'), ['middle', 'skip_3'])

const countBytes = ({ weights }: Graph): number =>
  weights.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, size) => product * size, 1), 0)
const total = countBytes(graph)

const draw = (shape: readonly number[], step: number): Tensor => {
  const tensor = createTensor(shape)
  return createTensor(
    shape,
    tensor.data.map((_, i) => Math.sin(i * step)),
  )
}

describe('a network in parts', () => {
  const whole = loadCheckpoint(path, 'whole', TEST_SESSION)
  const parted = loadCheckpoint(path, 'parted', { ...TEST_SESSION, partBytes: total / 4 })
  afterAll(async () => {
    await whole.release()
    await parted.release()
  })

  it.each([
    { batch: 1, height: 8, width: 8 },
    { batch: 3, height: 9, width: 14 },
  ])('predicts the same bits, $batch x $height x $width', async ({ batch, height, width }) => {
    const inputs = {
      latent: draw([batch, 4, height, width], 1.3),
      timesteps: new Float32Array(batch).fill(400),
      context: draw([batch, 77, 64], 0.7),
    }
    const [expected, found] = [whole, parted].map(({ value }) => value.model.predict(inputs))
    expect([...(await found!).data]).toEqual([...(await expected!).data])
  })
})

describe('splitting a graph', () => {
  const parts = splitGraph(graph, total / 4)

  it('makes parts of about the size asked for', () => {
    expect(parts).toHaveLength(4)
    for (const part of parts) {
      expect(countBytes(part)).toBeGreaterThan(0.5 * (total / 4))
      expect(countBytes(part)).toBeLessThan(1.5 * (total / 4))
    }
  })

  it('gives each weight to one part', () => {
    const names = parts.flatMap(({ weights }) => weights.map(({ name }) => name))
    expect(names.toSorted()).toEqual(graph.weights.map(({ name }) => name).toSorted())
  })

  it('feeds each part with what the graph is given or earlier parts make', () => {
    const known = new Set(graph.inputs.map(({ name }) => name))
    for (const { inputs, outputs } of parts) {
      expect(inputs.filter(({ name }) => !known.has(name))).toEqual([])
      for (const { name } of outputs) known.add(name)
    }
    expect(known).toContain('prediction')
  })

  it('cuts where the values are images or tokens of known rank', () => {
    const ranks = parts.flatMap(({ outputs }) => outputs.map(({ shape }) => shape?.length))
    expect(new Set(ranks)).toEqual(new Set([2, 4]))
  })

  it('leaves a graph of fewer weights whole', () => {
    expect(splitGraph(graph, total)).toEqual([graph])
    expect(splitGraph(graph)).toEqual([graph])
  })

  it('puts what is made of a weight where it is used', () => {
    for (const { ops, weights, constants, inputs } of parts) {
      const known = new Set([...weights, ...constants, ...inputs].map(({ name }) => name))
      for (const op of ops) {
        for (const name of op.inputs) expect(name === '' || known.has(name), `${op.type} ${name}`).toBe(true)
        for (const name of op.outputs) known.add(name)
      }
    }
  })
})
