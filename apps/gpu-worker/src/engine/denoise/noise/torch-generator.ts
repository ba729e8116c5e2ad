import { logFloat, sinCosFloat } from './cephes.ts'
import { MersenneTwister } from './mersenne-twister.ts'

/** Draws of fewer values take another path in torch, in double precision and one pair at a time. */
const BLOCK = 16

/** Normal numbers exactly as `torch.randn` on the CPU draws them (float32), to the last bit. */
export class TorchGenerator {
  readonly #words: MersenneTwister
  /** The second value of the last pair; the short path keeps it for its next call. */
  #kept: number | undefined

  constructor(seed: bigint) {
    this.#words = new MersenneTwister(seed)
  }

  /** The next `count` standard normal values. */
  drawNormal(count: number): Float32Array {
    return count < BLOCK ? this.#drawShort(count) : this.#drawBlocks(count)
  }

  #drawShort(count: number): Float32Array {
    return Float32Array.from({ length: count }, () => {
      const kept = this.#kept
      this.#kept = undefined
      if (kept !== undefined) return kept
      const [first, second] = [this.#drawDouble(), this.#drawDouble()]
      const radius = Math.sqrt(-2 * Math.log1p(-second))
      this.#kept = radius * Math.sin(2 * Math.PI * first)
      return radius * Math.cos(2 * Math.PI * first)
    })
  }

  #drawBlocks(count: number): Float32Array {
    const values = new Float32Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.#drawFloat()
    for (let start = 0; start + BLOCK <= count; start += BLOCK) transformBlock(values, start)
    if (count % BLOCK !== 0) {
      // torch fills the last block anew, over values that are already normal.
      for (let i = count - BLOCK; i < count; i += 1) values[i] = this.#drawFloat()
      transformBlock(values, count - BLOCK)
    }
    return values
  }

  #drawFloat(): number {
    return (this.#words.nextWord() & 0xffffff) / 2 ** 24
  }

  #drawDouble(): number {
    const high = this.#words.nextWord()
    const low = this.#words.nextWord()
    return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53
  }
}

const TWO_PI = Math.fround(2 * Math.PI)

/** Box and Muller's transform of sixteen uniform values: eight radii, eight angles. */
function transformBlock(values: Float32Array, start: number): void {
  const pair = new Float32Array(2)
  for (let i = start; i < start + BLOCK / 2; i += 1) {
    const radius = Math.fround(Math.sqrt(-2 * logFloat(Math.fround(1 - values[i]!))))
    sinCosFloat(Math.fround(TWO_PI * values[i + BLOCK / 2]!), pair)
    values[i] = radius * pair[1]!
    values[i + BLOCK / 2] = radius * pair[0]!
  }
}
