import { describe, expect, it } from 'vitest'
import { KeptInputs } from './kept-inputs.ts'

const array = (length: number) => new Float32Array(length)
/** Bytes of ten numbers. */
const LIMIT = 40

describe('inputs that stay', () => {
  it('are sent once, and known again by their array', () => {
    const kept = new KeptInputs(LIMIT)
    const [one, equal] = [array(2), array(2)]
    expect(kept.refer(one)).toEqual({ number: 1, isNew: true })
    expect(kept.refer(equal)).toEqual({ number: 2, isNew: true })
    expect(kept.refer(one)).toEqual({ number: 1, isNew: false })
    expect(kept.drop()).toEqual([])
  })

  it('are dropped in the order they were used when there are too many, and sent anew then', () => {
    const kept = new KeptInputs(LIMIT)
    const arrays = [array(4), array(4), array(4)] as const
    kept.refer(arrays[0])
    kept.refer(arrays[1])
    kept.refer(arrays[0])
    kept.refer(arrays[2])
    expect(kept.drop()).toEqual([2])
    expect(kept.refer(arrays[0])).toEqual({ number: 1, isNew: false })
    expect(kept.refer(arrays[1])).toEqual({ number: 4, isNew: true })
    expect(kept.drop()).toEqual([3])
  })

  it('larger than all that is kept are sent each time', () => {
    const kept = new KeptInputs(LIMIT)
    const other = array(1)
    kept.refer(other)
    expect(kept.refer(array(11))).toBeUndefined()
    expect(kept.drop()).toEqual([])
    expect(kept.refer(other)?.isNew).toBe(false)
  })
})
