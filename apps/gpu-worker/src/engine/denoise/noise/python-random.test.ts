import { describe, expect, it } from 'vitest'
import { PythonRandom } from './python-random.ts'

describe('PythonRandom', () => {
  // [random.Random(seed).randrange(n) for n in (10, 3, 1, 1000, 7, 2**31)] of Python 3.11.
  it.each([
    [0n, [6, 1, 0, 265, 4, 2087043557]],
    [1n, [2, 2, 0, 261, 0, 2127877499]],
    [42n, [1, 0, 0, 250, 1, 599310825]],
    [-42n, [1, 0, 0, 250, 1, 599310825]],
    [4294967296n, [1, 1, 0, 957, 0, 98019085]],
    [1099511627781n, [8, 2, 0, 679, 0, 200118061]],
    [18446744073709551615n, [0, 0, 0, 633, 1, 1958779474]],
    [12345678901234567890123n, [2, 2, 0, 664, 3, 853541165]],
  ] as const)('draws as Python does from %s', (seed, drawn) => {
    const random = new PythonRandom(seed)
    expect([10, 3, 1, 1000, 7, 2 ** 31].map((count) => random.below(count))).toEqual(drawn)
  })
})
