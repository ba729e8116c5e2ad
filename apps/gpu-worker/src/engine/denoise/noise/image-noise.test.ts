import { describe, expect, it } from 'vitest'
import { joinRows, sliceRows } from '../combine.ts'
import { createImageNoise } from '../test-kit/recorded-image-noise.ts'
import { readRecordings, toTensor, worstDistance, type RecordedTensor } from '../test-kit/read-recordings.ts'
import { slerp } from './slerp.ts'

interface Row {
  readonly tensor: string
  readonly source: string
  readonly draws: number
  readonly shape: [number, number, number]
  readonly seeds: string[]
  readonly subseed_strength?: number
  readonly out: RecordedTensor
}

const rows = readRecordings<Row>('image-noise.jsonl', import.meta.url)

describe('ImageNoise', () => {
  it.each(rows)('gives A1111’s noise over three draws: case $tensor', (row) => {
    const noise = createImageNoise({ ...row }, row.shape, row.seeds.map(BigInt))
    const drawn = joinRows(Array.from({ length: row.draws }, () => noise.next()))
    const tolerance = (row.subseed_strength ?? 0) === 0 ? 2e-6 : 5e-6
    expect(worstDistance(drawn.data, toTensor(row.out).data)).toBeLessThan(tolerance)
  })

  it('gives an image of a batch what it would get alone', () => {
    const shape = [4, 8, 8] as const
    const batch = createImageNoise({ source: 'CPU' }, shape, [3n, 4n])
    const alone = createImageNoise({ source: 'CPU' }, shape, [4n])
    for (let draw = 0; draw < 3; draw += 1)
      expect(sliceRows(batch.next(), 1, 2).data).toEqual(alone.next().data)
  })

  it('starts anew from seed plus ENSD after the first draw', () => {
    const shape = [4, 8, 8] as const
    const shifted = createImageNoise({ source: 'CPU', eta_noise_seed_delta: 31337 }, shape, [3n])
    const start = shifted.next()
    expect(start.data).toEqual(createImageNoise({ source: 'CPU' }, shape, [3n]).next().data)
    expect(shifted.next().data).toEqual(createImageNoise({ source: 'CPU' }, shape, [31340n]).next().data)
  })
})

describe('slerp', () => {
  interface Slerp {
    readonly share: number
    readonly low: RecordedTensor
    readonly high: RecordedTensor
    readonly out: RecordedTensor
  }

  it.each(readRecordings<Slerp>('slerp.jsonl', import.meta.url))(
    'interpolates as the original at $share',
    ({ share, low, high, out }) => {
      const mixed = slerp(share, toTensor(low), toTensor(high))
      expect(worstDistance(mixed.data, toTensor(out).data)).toBeLessThan(5e-6)
    },
  )

  it('falls back to a line with turned shares where both noises are the same', () => {
    const { low } = readRecordings<Slerp>('slerp.jsonl', import.meta.url)[0]!
    const doubled = { ...toTensor(low), data: toTensor(low).data.map((value) => 2 * value) }
    const mixed = slerp(0.25, toTensor(low), doubled)
    expect(mixed.data[0]).toBeCloseTo(toTensor(low).data[0]! * (0.25 + 2 * 0.75), 5)
  })
})
