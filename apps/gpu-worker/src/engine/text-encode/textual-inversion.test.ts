import { describe, expect, it } from 'vitest'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { createTensor } from '../tensor/tensor.ts'
import {
  EmbeddingError,
  fitsModel,
  getWebuiVectors,
  readComfyVectors,
  readWebuiEmbedding,
} from './textual-inversion.ts'

function readFixture(name: string) {
  const file = readSafetensors(
    new URL(`__fixtures__/embeddings/${name}.safetensors`, import.meta.url).pathname,
  )
  return new Map([...file.tensors.keys()].map((key) => [key, readTensor(file, key)]))
}
const table = (rows: number, width: number, value = 0) =>
  createTensor([rows, width], new Float32Array(rows * width).fill(value))

describe('readWebuiEmbedding', () => {
  // What Forge listed for these files: vectors, shape.
  it.each([
    ['embparams', 2, 64],
    ['learned', 2, 64],
    ['toolong', 80, 64],
    ['wrongwidth', 2, 96],
    ['xlstyle', 2, 128],
  ])('finds in %s %i vectors of width %i', (name, vectorCount, width) => {
    expect(readWebuiEmbedding(readFixture(name))).toMatchObject({ vectorCount, width })
  })

  it('keeps the two tables of an SDXL file apart', () => {
    const embedding = readWebuiEmbedding(readFixture('xlstyle'))
    expect(getWebuiVectors(embedding, 'clip_l')).not.toEqual(getWebuiVectors(embedding, 'clip_g'))
  })

  it('takes a single vector for one row', () => {
    const embedding = readWebuiEmbedding(
      new Map([['<concept>', createTensor([4], Float32Array.of(1, 2, 3, 4))]]),
    )
    expect(getWebuiVectors(embedding, 'clip_l')?.shape).toEqual([1, 4])
  })

  it('prefers string_to_param', () => {
    const tensors = new Map([
      ['string_to_token.*', table(1, 1)],
      ['string_to_param.*', table(3, 4)],
    ])
    expect(readWebuiEmbedding(tensors)).toMatchObject({ vectorCount: 3, width: 4 })
  })

  it.each([
    [
      'two terms',
      new Map([
        ['a', table(1, 4)],
        ['b', table(1, 4)],
      ]),
      'multiple terms',
    ],
    ['nothing', new Map<string, ReturnType<typeof table>>(), 'no tensor'],
    [
      'pairs of different length',
      new Map([
        ['clip_l', table(1, 4)],
        ['clip_g', table(2, 4)],
      ]),
      'different numbers',
    ],
    ['empty vectors', new Map([['a', createTensor([2, 0])]]), 'empty'],
  ])('refuses %s', (_, tensors, reason) => {
    expect(() => readWebuiEmbedding(tensors)).toThrow(EmbeddingError)
    expect(() => readWebuiEmbedding(tensors)).toThrow(reason)
  })

  it('fits a model of the same width in all', () => {
    const pair = readWebuiEmbedding(readFixture('xlstyle'))
    expect(fitsModel(pair, [64, 64])).toBe(true)
    expect(fitsModel(pair, [64])).toBe(false)
  })
})

describe('readComfyVectors', () => {
  it('takes the own key of an encoder, and the first tensor of a file without keys', () => {
    const pair = readFixture('xlstyle')
    expect(readComfyVectors(pair, 'clip_g', 64)).toEqual(pair.get('clip_g'))
    expect(readComfyVectors(readFixture('embparams'), 'clip_g', 64)?.shape).toEqual([2, 64])
  })

  it('stacks the fitting items of a list', () => {
    const tensors = new Map([
      ['0.a', table(1, 4, 1)],
      ['1.b', table(1, 8, 2)],
      ['2.c', table(2, 4, 3)],
    ])
    expect(readComfyVectors(tensors, 'clip_l', 4)).toEqual(
      createTensor([3, 4], Float32Array.of(1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3)),
    )
    expect(readComfyVectors(tensors, 'clip_l', 5)).toBeUndefined()
  })

  it('stacks what a bundle holds, for any encoder or for one', () => {
    const any = new Map([['bundle_emb.x.string_to_param.*', table(2, 4, 1)]])
    expect(readComfyVectors(any, 'clip_l', 4)?.shape).toEqual([2, 4])
    const own = new Map([
      ['bundle_emb.x.clip_g', table(1, 8)],
      ['bundle_emb.x.clip_l', table(2, 4)],
    ])
    expect(readComfyVectors(own, 'clip_l', 4)?.shape).toEqual([2, 4])
  })

  it('finds nothing in an empty file', () => {
    expect(readComfyVectors(new Map(), 'clip_l', 4)).toBeUndefined()
  })
})
