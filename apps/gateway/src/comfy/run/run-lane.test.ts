import { describe, expect, it } from 'vitest'
import type { RunFrame } from './frames.ts'
import { RunLane } from './run-lane.ts'

const frame = (text: string, isLossy = false): RunFrame => ({
  kind: 'json',
  audience: 'owner',
  text,
  isLossy,
  isKept: false,
})
const texts = (frames: readonly RunFrame[]) => frames.map((it) => (it.kind === 'json' ? it.text : it.kind))

describe('RunLane', () => {
  it('lets the first run speak and the others wait, without what may be lost', () => {
    const lane = new RunLane()
    expect(texts(lane.take('a', [frame('a1')], false))).toEqual(['a1'])
    expect(texts(lane.take('b', [frame('b1'), frame('step', true)], false))).toEqual([])
    expect(texts(lane.take('a', [frame('a2')], true))).toEqual(['a2', 'b1'])
    expect(texts(lane.take('b', [frame('b2', true)], true))).toEqual(['b2'])
    expect(lane.isIdle).toBe(true)
  })

  it('tells the length of the queue at once', () => {
    const lane = new RunLane()
    lane.take('a', [frame('a1')], false)
    expect(texts(lane.take('b', [{ kind: 'status' }, frame('b1')], false))).toEqual(['status'])
  })

  it('gives whole runs that ended meanwhile, and goes on with the first that has not', () => {
    const lane = new RunLane()
    lane.take('a', [frame('a1')], false)
    lane.take('b', [frame('b1')], true)
    lane.take('c', [frame('c1')], false)
    lane.take('d', [frame('d1')], false)
    expect(texts(lane.take('a', [frame('a2')], true))).toEqual(['a2', 'b1', 'c1'])
    expect(texts(lane.take('d', [frame('d2')], false))).toEqual([])
    expect(texts(lane.take('c', [frame('c2')], true))).toEqual(['c2', 'd1', 'd2'])
  })

  it('passes on when the speaker is put back into the queue', () => {
    const lane = new RunLane()
    lane.take('a', [frame('a1')], false)
    lane.take('b', [frame('b1')], false)
    expect(texts(lane.release('b'))).toEqual([])
    expect(texts(lane.release('a'))).toEqual(['b1'])
  })
})
