import { describe, expect, it } from 'vitest'
import { createPcgUniform } from './pcg-uniform.ts'

describe('createPcgUniform', () => {
  // numpy.random.default_rng(seed).random(3)
  it.each([
    [0n, [0.6369616873214543, 0.2697867137638703, 0.04097352393619469]],
    [42n, [0.7739560485559633, 0.4388784397520523, 0.8585979199113825]],
  ])('draws NumPy’s numbers from seed %i', (seed, expected) => {
    const draw = createPcgUniform(seed)
    expect(expected.map(() => draw())).toEqual(expected)
  })
})
