import type { MersenneTwister } from '../../apps/gpu-worker/src/engine/denoise/noise/mersenne-twister.ts'

// Draws of torch's CPU generator that pictures do not need, made from its words: they prove the words and their order.

/** A uniform number in [0, 1) with that many random bits: of one word, or of two where a word is too short. */
function drawUniform(words: MersenneTwister, bits: number): number {
  if (bits <= 32) return (words.nextWord() % 2 ** bits) / 2 ** bits
  return Number(drawLong(words) & ((1n << BigInt(bits)) - 1n)) / 2 ** bits
}

function drawLong(words: MersenneTwister): bigint {
  const high = BigInt(words.nextWord())
  return (high << 32n) | BigInt(words.nextWord())
}

/** torch.rand in f32 or f64. */
export function drawRand(words: MersenneTwister, count: number, dtype = 'float32'): number[] {
  return Array.from({ length: count }, () => drawUniform(words, dtype === 'float64' ? 53 : 24))
}

/** torch.randperm. */
export function drawPermutation(words: MersenneTwister, count: number): number[] {
  const list = Array.from({ length: count }, (_, i) => i)
  for (let i = 0; i < count - 1; i += 1) {
    const other = i + (words.nextWord() % (count - i))
    ;[list[i], list[other]] = [list[other]!, list[i]!]
  }
  return list
}

/** torch.randint from 0 to a limit. */
export function drawIntegers(words: MersenneTwister, count: number, limit: bigint): bigint[] {
  return Array.from({ length: count }, () =>
    limit > 0xffffffffn ? drawLong(words) % limit : BigInt(words.nextWord()) % limit,
  )
}

/** Bits of the fraction by dtype. */
const FRACTION_BITS: Readonly<Record<string, number>> = { float16: 10, bfloat16: 7, float64: 52 }

/** Spacing of a dtype's numbers at a value. */
export function unitInLastPlace(value: number, dtype: string): number {
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), -14)
  return 2 ** (exponent - FRACTION_BITS[dtype]!)
}

/** torch.randn in another dtype than f32, before its rounding. */
export function drawNormalOf(dtype: string, words: MersenneTwister, count: number): number[] {
  if (count < 16) return drawPairs(words, count)
  // The half formats are drawn in f32.
  const uniform = () => drawUniform(words, dtype === 'float64' ? 53 : 24)
  // They draw the words of a short last block once, f32 and f64 twice.
  const drawn = dtype === 'float64' ? count : count - (count % 16)
  const values = Array.from({ length: count }, (_, i) => (i < drawn ? uniform() : 0))
  for (let start = 0; start + 16 <= count; start += 16) transform(values, start)
  if (count % 16 !== 0) {
    for (let i = count - 16; i < count; i += 1) values[i] = uniform()
    transform(values, count - 16)
  }
  return values
}

function drawPairs(words: MersenneTwister, count: number): number[] {
  const values: number[] = []
  while (values.length < count) {
    const [first, second] = [drawUniform(words, 53), drawUniform(words, 53)]
    const radius = Math.sqrt(-2 * Math.log1p(-second))
    values.push(radius * Math.cos(2 * Math.PI * first), radius * Math.sin(2 * Math.PI * first))
  }
  return values.slice(0, count)
}

function transform(values: number[], start: number): void {
  for (let i = start; i < start + 8; i += 1) {
    const radius = Math.sqrt(-2 * Math.log(1 - values[i]!))
    const angle = 2 * Math.PI * values[i + 8]!
    values[i] = radius * Math.cos(angle)
    values[i + 8] = radius * Math.sin(angle)
  }
}
