import { describe, expect, it } from 'vitest'
import { readRecordings } from '../test-kit/read-recordings.ts'
import { createGenerator } from './generator.ts'
import { PhiloxGenerator, philoxWords } from './philox.ts'

interface Row {
  readonly kind: 'philox_words' | 'philox_randn'
  readonly seed: string
  readonly offset: number
  readonly words: [number, number, number, number][]
  readonly calls: number[][]
  readonly values: number[][]
}

const rows = readRecordings<Row>('philox.jsonl', import.meta.url)

describe('philoxWords', () => {
  it.each(rows.filter(({ kind }) => kind === 'philox_words'))(
    'gives the original’s words: seed $seed, offset $offset',
    ({ seed, offset, words }) => {
      expect(words.map((_, i) => philoxWords([offset, 0, i, 0], BigInt(seed)))).toEqual(words)
    },
  )
})

describe('PhiloxGenerator', () => {
  it.each(rows.filter(({ kind }) => kind === 'philox_randn'))(
    'gives the original’s normals, one offset a draw: seed $seed',
    ({ seed, calls, values }) => {
      const generator = new PhiloxGenerator(BigInt(seed))
      for (const [i, shape] of calls.entries()) {
        const drawn = generator.drawNormal(shape.reduce((product, size) => product * size, 1))
        expect(drawn.length).toBe(values[i]!.length)
        values[i]!.forEach((value, j) => expect(drawn[j]).toBeCloseTo(value, 5))
      }
    },
  )

  it('gives A1111’s published values', () => {
    const drawn = [...new PhiloxGenerator(0n).drawNormal(4)]
    expect(drawn.map((value) => value.toFixed(6))).toEqual([
      '-0.924662',
      '-0.425344',
      '-2.643846',
      '0.145184',
    ])
  })

  it('takes a negative seed as its two’s complement', () => {
    expect(createGenerator('philox', -1n).drawNormal(4)).toEqual(
      createGenerator('philox', 2n ** 64n - 1n).drawNormal(4),
    )
    expect(createGenerator('cpu', -1n).drawNormal(4)).toEqual(
      createGenerator('cpu', 2n ** 64n - 1n).drawNormal(4),
    )
  })
})
