import { MersenneTwister } from './mersenne-twister.ts'

const WORD = 0xffffffffn

/** Draws as Python's `random.Random` (3.2 and later) does, seeded by a whole number, whose sign does not count. */
export class PythonRandom {
  readonly #words: MersenneTwister

  constructor(seed: bigint) {
    const words: number[] = []
    for (let rest = seed < 0n ? -seed : seed; rest > 0n || words.length === 0; rest >>= 32n)
      words.push(Number(rest & WORD))
    this.#words = new MersenneTwister(words)
  }

  /** A whole number from 0 to `count` - 1: as many high bits as it needs, drawn again while they are too large. */
  below(count: number): number {
    const shift = Math.clz32(count)
    for (;;) {
      const drawn = this.#words.nextWord() >>> shift
      if (drawn < count) return drawn
    }
  }
}
