import { createImageNoise } from '../../apps/gpu-worker/src/engine/denoise/test-kit/recorded-image-noise.ts'
import { BrownianTree } from '../../apps/gpu-worker/src/engine/denoise/noise/brownian-tree.ts'
import { prepareBatchNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/batch-noise.ts'
import { createGenerator } from '../../apps/gpu-worker/src/engine/denoise/noise/generator.ts'
import { MersenneTwister } from '../../apps/gpu-worker/src/engine/denoise/noise/mersenne-twister.ts'
import { PhiloxGenerator, philoxWords } from '../../apps/gpu-worker/src/engine/denoise/noise/philox.ts'
import {
  createComfyNoise,
  createWebuiNoise,
} from '../../apps/gpu-worker/src/engine/denoise/noise/sampler-noise.ts'
import { generateSeedState } from '../../apps/gpu-worker/src/engine/denoise/noise/seed-sequence.ts'
import { slerp } from '../../apps/gpu-worker/src/engine/denoise/noise/slerp.ts'
import { TorchGenerator } from '../../apps/gpu-worker/src/engine/denoise/noise/torch-generator.ts'
import { joinRows } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { absolute, openTensors, readLines } from './sampling-fixtures.ts'
import { drawIntegers, drawNormalOf, drawPermutation, drawRand, unitInLastPlace } from './torch-draws.ts'

type Path = (name: string) => string
// Fields differ by kind; a wrong guess shows as a failing case.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Row = Record<string, any> & { kind: string }

/** torch's CPU generator: words, normals, consecutive draws. */
export async function compareTorchNoise(path: Path): Promise<Comparison[]> {
  return Promise.all(
    readLines<Row>(path('noise.jsonl')).flatMap((row): Promise<Comparison>[] => {
      const seed = BigInt(row['seed'] ?? 0)
      if (row.kind === 'mt19937') {
        const words = row['words'] as number[]
        return [
          compareCase('Mersenne Twister', String(seed), () => {
            const twister = new MersenneTwister(seed)
            return compareValues(
              words.map(() => twister.nextWord()),
              words,
              absolute(0.5),
            )
          }),
        ]
      }
      if (row.kind === 'randn' && row['dtype'] === undefined) {
        const { n, values, first, last = [] } = row
        const expected = (values ?? first) as number[]
        return [
          compareCase('torch normals', `${seed} ${n}`, () => {
            const drawn = new TorchGenerator(seed).drawNormal(n)
            const end = (last as number[]).length
            return Math.max(
              compareValues(drawn.slice(0, expected.length), expected, absolute(2e-6)),
              compareValues(drawn.slice(n - end), last, absolute(2e-6)),
            )
          }),
        ]
      }
      if (row.kind === 'randn_sequence') {
        const { sizes, values } = row
        return [
          compareCase('torch normals in a row', `${seed} ${sizes}`, () => {
            const generator = new TorchGenerator(seed)
            return Math.max(
              ...(values as number[][]).map((draw, i) =>
                compareValues(generator.drawNormal(sizes[i]!), draw, absolute(2e-6)),
              ),
            )
          }),
        ]
      }
      return compareOtherDraws(row, new MersenneTwister(seed))
    }),
  )
}

/** Uniform numbers, permutations, integers and normals of other dtypes. */
function compareOtherDraws(row: Row, words: MersenneTwister): Promise<Comparison>[] {
  const { kind, seed, n, dtype } = row
  const values = row['values'] as number[]
  const add = (compute: () => number) => [
    compareCase('torch, other draws', `${kind} ${seed} ${n} ${dtype}`, compute),
  ]
  if (kind === 'randn') {
    return add(() =>
      compareValues(drawNormalOf(dtype, words, n), values, (value) =>
        dtype === 'float64' ? 1e-12 : unitInLastPlace(value, dtype),
      ),
    )
  }
  if (kind === 'rand') return add(() => compareValues(drawRand(words, n, dtype), values, absolute(6e-8)))
  if (kind === 'randperm') return add(() => compareValues(drawPermutation(words, n), values, absolute(0.5)))
  if (kind === 'randint') {
    const limit = BigInt(row['high'])
    return add(() => (drawIntegers(words, values.length, limit).join() === values.join() ? 0 : Infinity))
  }
  return []
}

/** ComfyUI's start noise. */
export async function compareComfyNoise(path: Path): Promise<Comparison[]> {
  const tensors = openTensors(path('noise.safetensors'))
  return Promise.all(
    readLines<Row>(path('noise.jsonl'))
      .filter(({ kind }) => kind === 'comfy_prepare_noise')
      .map((row) =>
        compareCase('ComfyUI start noise', `${row['seed']} ${row['shape']} ${row['noise_inds']}`, () =>
          compareValues(
            prepareBatchNoise(BigInt(row['seed']), row['shape'], row['noise_inds'] ?? undefined).data,
            tensors(row['tensor']).data,
            absolute(2e-6),
          ),
        ),
      ),
  )
}

/** Philox, and A1111's generators with variation, resize and ENSD. */
export async function compareWebuiNoise(path: Path): Promise<Comparison[]> {
  const tensors = openTensors(path('noise_webui.safetensors'))
  return Promise.all(
    readLines<Row>(path('noise_webui.jsonl')).flatMap((row): Promise<Comparison>[] => {
      const { kind, tensor } = row
      if (kind === 'philox_words') {
        const { seed, offset, words } = row
        return [
          compareCase('Philox words', `${seed} ${offset}`, () =>
            compareValues(
              (words as number[][]).flatMap((_, i) => philoxWords([offset, 0, i, 0], BigInt(seed))),
              (words as number[][]).flat(),
              absolute(0.5),
            ),
          ),
        ]
      }
      if (kind.startsWith('philox_randn')) return [comparePhilox(row)]
      if (kind === 'image_rng') {
        return [
          compareCase('A1111 image noise', tensor, () => {
            const noise = createImageNoise(row, row['shape'], (row['seeds'] as string[]).map(BigInt))
            const drawn = Array.from({ length: row['draws'] ?? 3 }, () => noise.next())
            const isVaried = Number(row['subseed_strength'] ?? 0) !== 0
            return compareValues(joinRows(drawn).data, tensors(tensor).data, absolute(isVaried ? 5e-6 : 2e-6))
          }),
        ]
      }
      if (kind === 'slerp') {
        return [
          compareCase('A1111 slerp', tensor, () => {
            const [low, high] = [tensors(row['low']), tensors(row['high'])]
            return compareValues(slerp(row['val'], low, high).data, tensors(tensor).data, absolute(5e-6))
          }),
        ]
      }
      return []
    }),
  )
}

function comparePhilox(row: Row): Promise<Comparison> {
  const { kind, seed, n, calls, values, first, last } = row
  return compareCase('Philox normals', `${seed} ${n ?? ''}`, () => {
    const generator = new PhiloxGenerator(BigInt(seed))
    if (kind === 'philox_randn') {
      return Math.max(
        ...(values as number[][]).map((draw, i) => {
          const count = (calls[i] as number[]).reduce((product, size) => product * size, 1)
          return compareValues(generator.drawNormal(count), draw, absolute(2e-6))
        }),
      )
    }
    const drawn = generator.drawNormal(n)
    return Math.max(
      compareValues(drawn.slice(0, 64), first, absolute(2e-6)),
      compareValues(drawn.slice(-64), last, absolute(2e-6)),
    )
  })
}

/** torchsde's trees, in both uses, and NumPy's seed sequences. */
export async function compareBrownian(path: Path): Promise<Comparison[]> {
  return [...(await compareTrees(path)), ...(await compareWebuiTrees(path))]
}

async function compareTrees(path: Path): Promise<Comparison[]> {
  const tensors = openTensors(path('brownian.safetensors'))
  return Promise.all(
    readLines<Row>(path('brownian.jsonl')).map((row) => {
      if (row.kind === 'seed_sequence') {
        const { entropy, spawn_key: key, state } = row
        return compareCase('seed sequences', `${entropy} ${key}`, () =>
          compareValues(
            generateSeedState(BigInt(entropy), splitWords(key), { poolSize: 24, count: 4 }),
            state,
            absolute(0.5),
          ),
        )
      }
      const range = { from: row['sigma_min'] as number, to: row['sigma_max'] as number }
      const [seed, shape] = [BigInt(row['seed']), row['shape'] as number[]]
      const queries = (row['queries'] as [number, number][]).map((query) => query.map(Math.fround))
      return compareCase('Brownian trees', row['tensor'], () => {
        const noise = createComfyNoise(seed, shape, range)
        const units = queries.map(([from, to]) => noise.between(from!, to!))
        const count = shape.reduce((product, size) => product * size, 1)
        const tree = new BrownianTree(range, seed, (node) => createGenerator('cpu', node).drawNormal(count))
        const raw = queries.map(([a, b]) => tree.increment(Math.min(a!, b!), Math.max(a!, b!)))
        return Math.max(
          compareValues(joinRows(units).data, tensors(`${row['tensor']}.noise`).data, absolute(1e-5)),
          compareValues(
            raw.flatMap((values) => [...values]),
            tensors(`${row['tensor']}.w`).data,
            (value) => 1e-5 * Math.max(1, Math.abs(value)),
          ),
        )
      })
    }),
  )
}

/** Spawn keys above 32 bits are two words to NumPy. */
function splitWords(key: readonly number[]): number[] {
  return key.flatMap((word) => (word > 0xffffffff ? [word % 2 ** 32, Math.floor(word / 2 ** 32)] : [word]))
}

async function compareWebuiTrees(path: Path): Promise<Comparison[]> {
  const tensors = openTensors(path('brownian_webui.safetensors'))
  return Promise.all(
    readLines<Row>(path('brownian_webui.jsonl')).map((row) => {
      const { source, tensor } = row
      return compareCase('Brownian trees by image', tensor, () => {
        const seeds = (row['seeds'] as string[]).map(BigInt)
        const shape = row['shape'] as [number, number, number, number]
        const images = createImageNoise(row, [shape[1], shape[2], shape[3]], seeds)
        const noise = createWebuiNoise(images, {
          kind: source === 'NV' ? 'philox' : 'cpu',
          seeds,
          shape,
          range: { from: row['sigma_min'], to: row['sigma_max'] },
        })
        const drawn = (row['queries'] as [number, number][]).map(([from, to]) => noise.between(from, to))
        return compareValues(joinRows(drawn).data, tensors(tensor).data, absolute(1e-5))
      })
    }),
  )
}
