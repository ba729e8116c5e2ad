import type { Tensor } from '../../tensor/tensor.ts'
import { combine, type Term } from '../combine.ts'

/** Adams and Bashforth's weights for even steps, newest slope first, by the number of slopes. */
const WEIGHTS = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
] as const

/** The slope that one to four past slopes, newest first, foretell for the coming step. */
export function blendSlopes(slopes: readonly Tensor[]): Tensor {
  const weights = WEIGHTS[slopes.length - 1]!
  return combine(...slopes.map((slope, i): Term => [weights[i]!, slope]))
}
