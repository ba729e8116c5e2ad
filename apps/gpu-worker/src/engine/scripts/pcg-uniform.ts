import { generateSeedState } from '../denoise/noise/seed-sequence.ts'

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n
const WORDS = 8
const POOL_SIZE = 4

/**
 * Numbers between 0 and 1 as NumPy's `default_rng(seed).random()` draws them: PCG64 (O'Neill 2014, XSL-RR over 128 bits)
 * seeded through SeedSequence, the upper 53 bits of each draw.
 */
export function createPcgUniform(seed: bigint): () => number {
  const words = generateSeedState(seed, [], { poolSize: POOL_SIZE, count: WORDS })
  const long = (index: number) => (BigInt(words[2 * index + 1]!) << 32n) | BigInt(words[2 * index]!)
  const increment = BigInt.asUintN(128, (((long(2) << 64n) | long(3)) << 1n) | 1n)
  const advance = (state: bigint) => BigInt.asUintN(128, state * MULTIPLIER + increment)
  let state = advance(advance(0n) + ((long(0) << 64n) | long(1)))
  return () => {
    state = advance(state)
    const mixed = BigInt.asUintN(64, (state >> 64n) ^ state)
    const turn = state >> 122n
    const rotated = BigInt.asUintN(64, (mixed >> turn) | (mixed << BigInt.asUintN(6, -turn)))
    return Number(rotated >> 11n) * 2 ** -53
  }
}
