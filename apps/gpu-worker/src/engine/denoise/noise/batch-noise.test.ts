import { describe, expect, it } from 'vitest'
import { readRecordings, toTensor, type RecordedTensor } from '../test-kit/read-recordings.ts'
import { prepareBatchNoise } from './batch-noise.ts'

interface Row {
  readonly seed: string
  readonly shape: number[]
  readonly indexes: number[] | null
  readonly out: RecordedTensor
}

describe('prepareBatchNoise', () => {
  it.each(readRecordings<Row>('batch.jsonl', import.meta.url))(
    'gives ComfyUI’s noise to the last bit: seed $seed, shape $shape, indexes $indexes',
    ({ seed, shape, indexes, out }) => {
      const noise = prepareBatchNoise(BigInt(seed), shape, indexes ?? undefined)
      const expected = toTensor(out)
      expect(noise.shape).toEqual(expected.shape)
      expect(noise.data).toEqual(expected.data)
    },
  )

  it('gives an image the same noise by index, whatever else is in the batch', () => {
    const one = prepareBatchNoise(3n, [1, 4, 8, 8], [2])
    const several = prepareBatchNoise(3n, [3, 4, 8, 8], [5, 2, 2])
    expect(several.data.subarray(256, 512)).toEqual(one.data)
    expect(several.data.subarray(512)).toEqual(one.data)
  })
})
