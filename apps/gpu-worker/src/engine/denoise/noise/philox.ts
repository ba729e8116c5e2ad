// Philox 4x32-10 (Salmon et al. 2011) as CUDA's generator uses it for normal numbers.

const ROUNDS = 10
const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const
const KEY_STEPS = [0x9e3779b9, 0xbb67ae85] as const
/** cuRAND's factor from 32 random bits to (0, 1], and the same times 2 pi, both rounded to f32. */
const TO_UNIT = Math.fround(2.3283064e-10)
const TO_ANGLE = Math.fround(2.3283064e-10 * 6.2831855)
const HALF_UNIT = Math.fround(TO_UNIT / 2)
const HALF_ANGLE = Math.fround(TO_ANGLE / 2)

/** Four random words of a counter and a key. */
export function philoxWords(
  counter: readonly [number, number, number, number],
  seed: bigint,
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter
  let k0 = Number(seed & 0xffffffffn)
  let k1 = Number((seed >> 32n) & 0xffffffffn)
  for (let round = 0; round < ROUNDS; round += 1) {
    const low0 = Math.imul(c0, MULTIPLIERS[0]) >>> 0
    const high0 = multiplyHigh(c0, MULTIPLIERS[0])
    const low1 = Math.imul(c2, MULTIPLIERS[1]) >>> 0
    const high1 = multiplyHigh(c2, MULTIPLIERS[1])
    ;[c0, c1, c2, c3] = [(high1 ^ c1 ^ k0) >>> 0, low1, (high0 ^ c3 ^ k1) >>> 0, low0]
    k0 = (k0 + KEY_STEPS[0]) >>> 0
    k1 = (k1 + KEY_STEPS[1]) >>> 0
  }
  return [c0, c1, c2, c3]
}

/** High 32 bits of the product of two 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const [aHigh, aLow, bHigh, bLow] = [a >>> 16, a & 0xffff, b >>> 16, b & 0xffff]
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const other = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + Math.floor(middle / 65_536) + Math.floor(other / 65_536)) >>> 0
}

/** Normal numbers as `torch.randn` on a CUDA device draws them: A1111's "NV" source. */
export class PhiloxGenerator {
  readonly #seed: bigint
  #offset = 0

  constructor(seed: bigint) {
    this.#seed = BigInt.asUintN(64, seed)
  }

  /** The next `count` standard normal values. */
  drawNormal(count: number): Float32Array {
    const offset = this.#offset
    this.#offset += 1
    return Float32Array.from({ length: count }, (_, i) => {
      const [x, y] = philoxWords([offset, 0, i, 0], this.#seed)
      const radius = Math.sqrt(-2 * Math.log(x * TO_UNIT + HALF_UNIT))
      return radius * Math.sin(y * TO_ANGLE + HALF_ANGLE)
    })
  }
}
