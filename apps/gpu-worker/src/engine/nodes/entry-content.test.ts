import { describe, expect, it } from 'vitest'
import { joinPictureLabel, labelPictures, type LikePictures } from '../denoise/picture-label.ts'
import type { LoadedModel } from '../models/loaded-model.ts'
import type { ConditioningEntry } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { toContent } from './entry-content.ts'

const SEED = 42n
const pictures: LikePictures = {
  embeddings: createTensor(
    [2, 4],
    Float32Array.from({ length: 8 }, (_, i) => i),
  ),
  strength: 0.5,
  noise: 0.1,
}
const tokens = createTensor([1, 77, 2])
const pooled = createTensor([1, 4], Float32Array.of(9, 9, 9, 9))

function labelOf(entry: Partial<ConditioningEntry>, family: string, labelWidth: number) {
  const model = { family, labelWidth, inChannels: 4 } as LoadedModel
  const setting = { model, source: createTensor([1, 4, 8, 8]), mask: undefined, seed: SEED }
  return toContent({ tokens, ...entry }, 'positive', setting).label
}

describe('what a network is told of pictures', () => {
  it('is an unCLIP model’s whole label', () => {
    const expected = joinPictureLabel(labelPictures([pictures], { seed: SEED, joinedNoise: 0.05 }))
    expect(labelOf({ like: [pictures], pooled }, 'sd2', 8)).toEqual(expected)
  })

  it('is nothing for an unCLIP model without pictures', () => {
    expect(labelOf({ pooled }, 'sd2', 8)).toEqual(createTensor([1, 8]))
  })

  it('stands in for SDXL’s pooled text, with or without one', () => {
    const { picture } = labelPictures([pictures], { seed: SEED, joinedNoise: 0 })
    for (const text of [{ pooled }, {}]) {
      const label = labelOf({ like: [pictures], ...text }, 'sdxl', 4 + 6 * 256)!
      expect(label.data.subarray(0, 4)).toEqual(picture.data)
    }
  })

  it('does not reach models that take no label', () => {
    expect(labelOf({ like: [pictures] }, 'sd1', 0)).toBeUndefined()
  })

  it('must fit the model', () => {
    expect(() => labelOf({ like: [pictures] }, 'sd2', 16)).toThrow('labels of 16 numbers')
  })
})
