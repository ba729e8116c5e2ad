import { describe, expect, it } from 'vitest'
import { weighBy, weighByGuess, weighByMode, weighEvenly } from './mode-weights.ts'

// Recorded from Forge's compute_controlnet_weighting; an adapter's weights are those of sd-webui-controlnet 1.1.455.
const SD1 = [...Array.from({ length: 12 }, (_, i) => `skip_${i}`), 'middle']
const ADAPTER = ['feature_2', 'feature_5', 'feature_8', 'feature_11']
const XL_ADAPTER = ['feature_3', 'feature_5', 'feature_8', 'middle']
const soft = weighByMode('prompt', 2).weightOf

describe('weights by place', () => {
  it('are the same everywhere in balance', () => {
    expect(SD1.map((place) => weighByMode('balanced', 0.7).weightOf(place, 12))).toEqual(SD1.map(() => 0.7))
    expect(weighEvenly(0.3)('middle', 12)).toBe(0.3)
  })

  it('fall off towards the outermost blocks where the prompt is more important', () => {
    const weights = SD1.map((place) => soft(place, 12))
    expect(weights.at(-1)).toBe(2)
    expect(weights[0]).toBeCloseTo(2 * 0.0994, 4)
    expect(weights).toEqual([...weights].sort((a, b) => a - b))
  })

  it('count from the twelfth block in networks with fewer', () => {
    expect(soft('middle', 9)).toBeCloseTo(2 * 0.825 ** 3, 10)
  })

  it('are an adapter’s own, wherever its features go', () => {
    const expected = [0.5, 1.24, 1.65, 2]
    expect(ADAPTER.map((place) => soft(place, 4))).toEqual(expected)
    expect(XL_ADAPTER.map((place) => soft(place, 3))).toEqual(expected)
  })

  it('may be given one by one, missing ones being 0', () => {
    const own = weighBy([0.1, 0.2, 0.3])
    expect([own('skip_1', 12), own('middle', 12)]).toEqual([0.2, 0])
    expect(ADAPTER.map((place) => own(place, 4))).toEqual([0.1, 0.2, 0.3, 0])
  })

  it('rise from a tenth to the whole in guess mode', () => {
    expect(weighByGuess(1)('skip_0', 12)).toBeCloseTo(0.1, 10)
    expect(weighByGuess(1)('middle', 12)).toBe(1)
  })
})

describe('modes', () => {
  it('leave the unconditional half alone only where the control is more important', () => {
    expect(weighByMode('balanced', 1).actsOnBoth).toBe(true)
    expect(weighByMode('prompt', 1).actsOnBoth).toBe(true)
    expect(weighByMode('control', 1).actsOnBoth).toBe(false)
  })
})
