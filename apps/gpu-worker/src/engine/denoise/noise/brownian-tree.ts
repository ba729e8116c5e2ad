import { generateSeedState } from './seed-sequence.ts'

const POOL_SIZE = 24
/** Grid points in a unit of time. */
const GRID = 1e6
/** Increments kept for the next query; neighbouring queries share most of their path. */
const CACHE_SIZE = 64

/** Brownian motion between two sigmas, the same for the same seed whatever is asked first: torchsde's BrownianTree. */
export class BrownianTree {
  readonly #from: number
  readonly #to: number
  readonly #seed: bigint
  readonly #draw: (seed: bigint) => Float32Array
  readonly #root: Float32Array
  readonly #cache = new Map<string, Float32Array>()

  /** `draw` gives the standard normal values of a fresh generator with that seed, in the tree's shape. */
  constructor(
    range: { readonly from: number; readonly to: number },
    seed: bigint,
    draw: (seed: bigint) => Float32Array,
  ) {
    this.#from = roundTime(range.from)
    this.#to = roundTime(range.to)
    this.#seed = seed
    this.#draw = draw
    const [rootSeed] = generateSeedState(seed, [], { poolSize: POOL_SIZE, count: 3 })
    const spread = Math.sqrt(range.to - range.from)
    this.#root = draw(BigInt(rootSeed!)).map((value) => value * spread)
  }

  /** W(b) - W(a) for a < b; times outside the tree are moved to its ends. */
  increment(a: number, b: number): Float32Array {
    const clamp = (time: number) => Math.min(Math.max(roundTime(time), this.#from), this.#to)
    const [from, to] = [clamp(a), clamp(b)]
    if (from >= to) return new Float32Array(this.#root.length)
    return this.#query(from, to, { from: this.#from, to: this.#to, key: 0n, depth: 0, value: this.#root })
  }

  #query(from: number, to: number, node: TreeNode): Float32Array {
    if (from <= node.from && to >= node.to) return node.value
    const middle = roundTime((node.from + node.to) / 2)
    const [left, right] = this.#split(node, middle)
    if (to <= middle) return this.#query(from, to, left)
    if (from >= middle) return this.#query(from, to, right)
    const before = this.#query(from, middle, left)
    const after = this.#query(middle, to, right)
    return before.map((value, i) => value + after[i]!)
  }

  #split(node: TreeNode, middle: number): [TreeNode, TreeNode] {
    const [left, right, whole] = [middle - node.from, node.to - middle, node.to - node.from]
    const name = `${node.key}/${node.depth}`
    let leftValue = this.#cache.get(name)
    if (leftValue === undefined) {
      const spawnKey = [...toWords(node.key), node.depth]
      const [seed] = generateSeedState(this.#seed, spawnKey, { poolSize: POOL_SIZE, count: 4 })
      const noise = this.#draw(BigInt(seed!))
      const [share, spread] = [left / whole, Math.sqrt((left * right) / whole)]
      leftValue = node.value.map((value, i) => share * value + spread * noise[i]!)
      if (this.#cache.size >= CACHE_SIZE) this.#cache.delete(this.#cache.keys().next().value!)
      this.#cache.set(name, leftValue)
    }
    const depth = node.depth + 1
    const rightValue = node.value.map((value, i) => value - leftValue[i]!)
    return [
      { from: node.from, to: middle, key: 2n * node.key, depth, value: leftValue },
      { from: middle, to: node.to, key: 2n * node.key + 1n, depth, value: rightValue },
    ]
  }
}

interface TreeNode {
  readonly from: number
  readonly to: number
  readonly key: bigint
  readonly depth: number
  readonly value: Float32Array
}

/** Times lie on a grid of a millionth: the exact binary value is rounded, ties to even, as Python does. */
function roundTime(time: number): number {
  // Halves of a millionth are exact in binary only as odd multiples of 1/128.
  const isTie = Number.isInteger(time * 128) && (time * 128) % 2 !== 0
  if (!isTie) return Number(time.toFixed(6))
  const below = Math.floor(time * GRID)
  return (below % 2 === 0 ? below : below + 1) / GRID
}

/** Little-endian 32-bit words of a number, at least one. */
function toWords(value: bigint): number[] {
  const words: number[] = []
  for (let rest = value; words.length === 0 || rest > 0n; rest >>= 32n) words.push(Number(rest & 0xffffffffn))
  return words
}
