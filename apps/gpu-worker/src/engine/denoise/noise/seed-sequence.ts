// NumPy's SeedSequence (O'Neill's seed_seq design), all arithmetic modulo 2^32.

const INIT_A = 0x43b0d7e5
const MULT_A = 0x931e8875
const INIT_B = 0x8b51f9dd
const MULT_B = 0x58f38ded
const MIX_L = 0xca01f9dd
const MIX_R = 0x4973f715

/** The first `count` words of SeedSequence(entropy, spawn_key, pool_size). */
export function generateSeedState(
  entropy: bigint,
  spawnKey: readonly number[],
  { poolSize, count }: { readonly poolSize: number; readonly count: number },
): Uint32Array {
  const pool = mixEntropy(toWords(entropy, spawnKey, poolSize), poolSize)
  let hash = INIT_B
  return Uint32Array.from({ length: count }, (_, i) => {
    let word = pool[i % poolSize]! ^ hash
    hash = Math.imul(hash, MULT_B) >>> 0
    word = Math.imul(word, hash) >>> 0
    return word ^ (word >>> 16)
  })
}

function toWords(entropy: bigint, spawnKey: readonly number[], poolSize: number): number[] {
  const words: number[] = []
  for (let rest = entropy; words.length === 0 || rest > 0n; rest >>= 32n)
    words.push(Number(rest & 0xffffffffn))
  if (spawnKey.length === 0) return words
  while (words.length < poolSize) words.push(0)
  return [...words, ...spawnKey]
}

function mixEntropy(words: readonly number[], poolSize: number): Uint32Array {
  let hash = INIT_A
  const hashMix = (value: number): number => {
    let word = (value ^ hash) >>> 0
    hash = Math.imul(hash, MULT_A) >>> 0
    word = Math.imul(word, hash) >>> 0
    return (word ^ (word >>> 16)) >>> 0
  }
  const mix = (x: number, y: number): number => {
    const word = (Math.imul(x, MIX_L) - Math.imul(y, MIX_R)) >>> 0
    return (word ^ (word >>> 16)) >>> 0
  }
  const pool = Uint32Array.from({ length: poolSize }, (_, i) => hashMix(words[i] ?? 0))
  for (let source = 0; source < poolSize; source += 1) {
    for (let target = 0; target < poolSize; target += 1) {
      if (source !== target) pool[target] = mix(pool[target]!, hashMix(pool[source]!))
    }
  }
  for (const word of words.slice(poolSize)) {
    for (let target = 0; target < poolSize; target += 1) pool[target] = mix(pool[target]!, hashMix(word))
  }
  return pool
}
