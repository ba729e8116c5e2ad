import { readFileSync } from 'node:fs'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'

/** A tensor as the trimmed recordings hold it: f32 values, little-endian. */
export interface RecordedTensor {
  readonly shape: readonly number[]
  readonly base64: string
}

/** Cases of a JSON-lines file in the folder `__fixtures__` beside `base`. */
export function readRecordings<T>(name: string, base: string): T[] {
  return readFileSync(new URL(`__fixtures__/${name}`, base), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T)
}

/** The tensor itself. */
export function toTensor({ shape, base64 }: RecordedTensor): Tensor {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
  return createTensor(shape, new Float32Array(bytes.buffer))
}

/** Largest distance of two equally long lists; NaN where one has a number and the other none. */
export function worstDistance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity
  let worst = 0
  for (let i = 0; i < expected.length; i += 1) {
    if (Object.is(actual[i], expected[i])) continue
    const distance = Math.abs(actual[i]! - expected[i]!)
    if (Number.isNaN(distance)) return NaN
    worst = Math.max(worst, distance)
  }
  return worst
}

/** The same with each distance as a share of the expected value. */
export function worstRelative(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const shares = Array.from(expected, (value) => (value === 0 ? 1 : Math.abs(value)))
  return worstDistance(
    Array.from(actual, (value, i) => value / (shares[i] ?? 1)),
    Array.from(expected, (value, i) => value / shares[i]!),
  )
}
