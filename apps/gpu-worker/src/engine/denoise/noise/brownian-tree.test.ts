import { describe, expect, it } from 'vitest'
import { joinRows } from '../combine.ts'
import { createImageNoise } from '../test-kit/recorded-image-noise.ts'
import { readRecordings, toTensor, worstDistance, type RecordedTensor } from '../test-kit/read-recordings.ts'
import { BrownianTree } from './brownian-tree.ts'
import { createComfyNoise, createWebuiNoise } from './sampler-noise.ts'
import { generateSeedState } from './seed-sequence.ts'
import { TorchGenerator } from './torch-generator.ts'

interface Row {
  readonly kind: 'seed_sequence' | 'tree'
  readonly entropy: string
  readonly spawn_key: number[]
  readonly state: number[]
  readonly tensor: string
  readonly seed: string
  readonly sigma_min: number
  readonly sigma_max: number
  readonly shape: number[]
  readonly queries: [number, number][]
  readonly nodes?: [number, number, number, number, number, number, number[]][]
  readonly noise: RecordedTensor
  readonly w: RecordedTensor
}

const rows = readRecordings<Row>('brownian.jsonl', import.meta.url)
const trees = rows.filter(({ kind }) => kind === 'tree')
const POOL = 24

/** Spawn keys above 32 bits are two words to NumPy. */
const toWords = (key: readonly number[]) =>
  key.flatMap((word) => (word >= 2 ** 32 ? [word % 2 ** 32, Math.floor(word / 2 ** 32)] : [word]))

describe('generateSeedState', () => {
  it.each(rows.filter(({ kind }) => kind === 'seed_sequence'))(
    'gives NumPy’s state: entropy $entropy, key $spawn_key',
    ({ entropy, spawn_key: key, state }) => {
      const words = generateSeedState(BigInt(entropy), toWords(key), { poolSize: POOL, count: 4 })
      expect([...words]).toEqual(state)
    },
  )

  it('gives the seed of every node of a tree', () => {
    for (const { seed, nodes = [] } of trees) {
      for (const [, , , key, depth, nodeSeed] of nodes) {
        const [word] = generateSeedState(BigInt(seed), [...toWords([key]), depth], {
          poolSize: POOL,
          count: 4,
        })
        expect(word).toBe(nodeSeed)
      }
    }
  })
})

describe('BrownianTree', () => {
  const toTree = ({ seed, shape, sigma_min: from, sigma_max: to }: Row) => {
    const count = shape.reduce((product, size) => product * size, 1)
    const draw = (node: bigint) => new TorchGenerator(node).drawNormal(count)
    return new BrownianTree({ from, to }, BigInt(seed), draw)
  }

  it.each(trees)('gives torchsde’s increments: tree $tensor', (row) => {
    const tree = toTree(row)
    const increments = row.queries.map(([a, b]) => {
      const [low, high] = [Math.fround(Math.min(a, b)), Math.fround(Math.max(a, b))]
      return tree.increment(low, high)
    })
    const actual = increments.flatMap((values) => [...values])
    const expected = [...toTensor(row.w).data]
    // Of a tree to sigma 4518 the increments are as large as 100.
    const size = Math.max(1, ...expected.map(Math.abs))
    expect(worstDistance(actual, expected) / size).toBeLessThan(1e-5)
  })

  it('gives the same whatever was asked before', () => {
    const row = trees[1]!
    const [used, fresh] = [toTree(row), toTree(row)]
    for (const [a, b] of row.queries) used.increment(Math.min(a, b), Math.max(a, b))
    const [a, b] = row.queries.at(-1)!
    expect(used.increment(Math.min(a, b), Math.max(a, b))).toEqual(
      fresh.increment(Math.min(a, b), Math.max(a, b)),
    )
  })

  it('adds up: the increments of two halves are that of the whole', () => {
    const tree = toTree(trees[0]!)
    const [first, second, whole] = [tree.increment(1, 2), tree.increment(2, 3), tree.increment(1, 3)]
    whole.forEach((value, i) => expect(first[i]! + second[i]!).toBeCloseTo(value, 5))
  })

  it('moves times outside its span to the ends', () => {
    const tree = toTree(trees[7]!)
    expect(tree.increment(-5, 50)).toEqual(tree.increment(0.1, 10))
    expect(tree.increment(20, 30).every((value) => value === 0)).toBe(true)
  })

  it('rounds times between two millionths to the even one, as Python does', () => {
    // 1.0078125 is exactly between two grid points.
    const tree = toTree(trees[7]!)
    expect(tree.increment(1.0078125, 5)).toEqual(tree.increment(1.007812, 5))
  })
})

describe('noise between sigmas', () => {
  it.each(trees)('is ComfyUI’s, of one tree a batch: tree $tensor', (row) => {
    const range = { from: row.sigma_min, to: row.sigma_max }
    const noise = createComfyNoise(BigInt(row.seed), row.shape, range)
    const drawn = row.queries.map(([from, to]) => noise.between(Math.fround(from), Math.fround(to)))
    expect(worstDistance(joinRows(drawn).data, toTensor(row.noise).data)).toBeLessThan(1e-5)
  })

  interface WebuiRow extends Row {
    readonly source: 'CPU' | 'NV'
    readonly seeds: string[]
  }

  it.each(readRecordings<WebuiRow>('brownian-webui.jsonl', import.meta.url))(
    'is A1111’s, of one tree an image: tree $tensor',
    ({ source, shape, queries, ...row }) => {
      const seeds = row.seeds.map(BigInt)
      const [, channels, height, width] = shape as [number, number, number, number]
      const noise = createWebuiNoise(createImageNoise({ source }, [channels, height, width], seeds), {
        kind: source === 'NV' ? 'philox' : 'cpu',
        seeds,
        shape,
        range: { from: row.sigma_min, to: row.sigma_max },
      })
      const drawn = queries.map(([from, to]) => noise.between(from, to))
      expect(worstDistance(joinRows(drawn).data, toTensor(row.noise).data)).toBeLessThan(1e-5)
    },
  )
})

describe('createComfyNoise', () => {
  const range = { from: 0.1, to: 10 }

  it('draws the start noise again first, as ComfyUI does on the CPU', () => {
    const noise = createComfyNoise(5n, [1, 4, 8, 8], range)
    expect(noise.next().data).toEqual(new TorchGenerator(5n).drawNormal(256))
  })

  it('takes churn from the generator that made the start noise', () => {
    const noise = createComfyNoise(5n, [1, 4, 8, 8], range)
    noise.next()
    const generator = new TorchGenerator(5n)
    generator.drawNormal(256)
    expect(noise.churn().data).toEqual(generator.drawNormal(256))
  })
})
