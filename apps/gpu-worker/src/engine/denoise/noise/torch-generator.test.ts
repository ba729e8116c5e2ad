import { describe, expect, it } from 'vitest'
import { readRecordings } from '../test-kit/read-recordings.ts'
import { logFloat, sinCosFloat } from './cephes.ts'
import { MersenneTwister } from './mersenne-twister.ts'
import { TorchGenerator } from './torch-generator.ts'

interface Row {
  readonly kind: 'mt19937' | 'randn' | 'randn_sequence'
  readonly seed: string
  readonly n: number
  readonly words: number[]
  readonly values?: number[]
  readonly first?: number[]
  readonly last?: number[]
  readonly sizes: number[]
}

const rows = readRecordings<Row>('torch.jsonl', import.meta.url)
const of = (kind: Row['kind']) => rows.filter((row) => row.kind === kind)
/** Recorded numbers have nine digits, enough to name an f32 exactly. */
const f32 = (values: readonly number[]) => values.map(Math.fround)

describe('MersenneTwister', () => {
  it.each(of('mt19937'))('gives the words of NumPy and torch for seed $seed', ({ seed, words }) => {
    const twister = new MersenneTwister(BigInt(seed))
    expect(words.map(() => twister.nextWord())).toEqual(words)
  })

  it('looks at the low 32 bits of a seed alone', () => {
    expect(new MersenneTwister(2n ** 32n + 5n).nextWord()).toBe(new MersenneTwister(5n).nextWord())
  })
})

describe('TorchGenerator', () => {
  const sixteen = of('randn').filter(({ n }) => n >= 16)
  const short = of('randn').filter(({ n }) => n < 16)

  it.each(sixteen)('gives torch.randn to the last bit: seed $seed, $n values', ({ seed, n, ...row }) => {
    const drawn = [...new TorchGenerator(BigInt(seed)).drawNormal(n)]
    const expected = f32(row.values ?? row.first ?? [])
    expect(drawn.slice(0, expected.length)).toEqual(expected)
    expect(drawn.slice(n - (row.last?.length ?? 0))).toEqual(f32(row.last ?? []))
  })

  it.each(short)('gives torch.randn by its short path: seed $seed, $n values', ({ seed, n, values }) => {
    const drawn = new TorchGenerator(BigInt(seed)).drawNormal(n)
    expect(drawn.length).toBe(n)
    f32(values!).forEach((value, i) => expect(drawn[i]).toBeCloseTo(value, 6))
  })

  it.each(of('randn_sequence'))('goes on as torch does: seed $seed, draws of $sizes', (row) => {
    const generator = new TorchGenerator(BigInt(row.seed))
    for (const [i, size] of row.sizes.entries()) {
      const drawn = generator.drawNormal(size)
      const expected = (row.values as unknown as number[][])[i]!
      expect(drawn.length).toBe(expected.length)
      expected.forEach((value, j) => expect(drawn[j]).toBeCloseTo(value, 6))
    }
  })
})

describe('the approximations behind it', () => {
  const angles = Array.from({ length: 500 }, (_, i) => Math.fround((i * 2 * Math.PI) / 500))

  it('stay within a few units of the last place of the true functions', () => {
    const pair = new Float32Array(2)
    for (const angle of angles) {
      sinCosFloat(angle, pair)
      const [sine, cosine] = pair as unknown as [number, number]
      expect(Math.abs(sine - Math.sin(angle))).toBeLessThan(2e-7)
      expect(Math.abs(cosine - Math.cos(angle))).toBeLessThan(2e-7)
    }
    for (let i = 1; i <= 500; i += 1) {
      const value = Math.fround(i / 500)
      expect(Math.abs(logFloat(value) - Math.log(value))).toBeLessThan(6e-7)
    }
  })

  it('give a finite logarithm for zero, which a uniform number can be', () => {
    expect(Number.isFinite(logFloat(0))).toBe(true)
  })
})
