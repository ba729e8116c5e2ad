const SIZE = 624
const SHIFT = 397
/** What the state is filled with before an array is mixed in. */
const ARRAY_SEED = 19_650_218

/** MT19937 (Matsumoto & Nishimura 1998), seeded as torch's CPU generator: by the low 32 bits of the seed; or by an array. */
export class MersenneTwister {
  readonly #state = new Uint32Array(SIZE)
  #next = SIZE

  constructor(seed: bigint | readonly number[]) {
    this.#state[0] = typeof seed === 'bigint' ? Number(seed & 0xffffffffn) : ARRAY_SEED
    for (let i = 1; i < SIZE; i += 1) {
      const previous = this.#state[i - 1]! ^ (this.#state[i - 1]! >>> 30)
      this.#state[i] = Math.imul(1_812_433_253, previous) + i
    }
    if (typeof seed !== 'bigint') mixWords(this.#state, seed)
  }

  /** The next 32 random bits. */
  nextWord(): number {
    if (this.#next === SIZE) this.#refill()
    let word = this.#state[this.#next]!
    this.#next += 1
    word ^= word >>> 11
    word ^= (word << 7) & 0x9d2c5680
    word ^= (word << 15) & 0xefc60000
    return (word ^ (word >>> 18)) >>> 0
  }

  #refill(): void {
    const state = this.#state
    for (let i = 0; i < SIZE - SHIFT; i += 1) state[i] = twist(state, i, i + 1, i + SHIFT)
    for (let i = SIZE - SHIFT; i < SIZE - 1; i += 1) state[i] = twist(state, i, i + 1, i + SHIFT - SIZE)
    state[SIZE - 1] = twist(state, SIZE - 1, 0, SHIFT - 1)
    this.#next = 0
  }
}

/** The authors' way of seeding with 32-bit words. */
function mixWords(state: Uint32Array, words: readonly number[]): void {
  let at = 1
  const mix = (factor: number, change: (value: number) => number) => {
    const previous = state[at - 1]! ^ (state[at - 1]! >>> 30)
    state[at] = change(state[at]! ^ Math.imul(previous, factor))
    at += 1
    if (at < SIZE) return
    state[0] = state[SIZE - 1]!
    at = 1
  }
  for (let i = 0; i < Math.max(SIZE, words.length); i += 1) {
    const word = i % words.length
    mix(1_664_525, (value) => value + words[word]! + word)
  }
  for (let i = 1; i < SIZE; i += 1) {
    const place = at
    mix(1_566_083_941, (value) => value - place)
  }
  state[0] = 0x80000000
}

function twist(state: Uint32Array, i: number, next: number, shifted: number): number {
  const mixed = (state[i]! & 0x80000000) | (state[next]! & 0x7fffffff)
  return state[shifted]! ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0)
}
