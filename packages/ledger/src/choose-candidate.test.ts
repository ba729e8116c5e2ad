import { JobRecord } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { AFFINITY_WINDOW_MS, chooseCandidate } from './choose-candidate.ts'

const record = (id: string, checkpoint: string, submittedAtMs: number, queueNumber = 0) =>
  JobRecord.fromPartial({ job: { id, submittedAtMs, queueNumber, models: [{ identity: checkpoint }] } })
const choose = (records: JobRecord[], residents: string[], now: number) =>
  chooseCandidate(records, residents, now)?.job?.id

describe('chooseCandidate', () => {
  it('takes the head when its checkpoint is loaded, or when nobody’s is', () => {
    expect(choose([record('1', 'a', 0), record('2', 'b', 0)], ['a'], 1)).toBe('1')
    expect(choose([record('1', 'a', 0), record('2', 'b', 0)], [], 1)).toBe('1')
  })

  it('lets a job whose checkpoint is loaded overtake a young head', () => {
    expect(choose([record('1', 'a', 0), record('2', 'b', 0)], ['b'], 1)).toBe('2')
  })

  it('never overtakes a head that has waited for the window', () => {
    expect(choose([record('1', 'a', 0), record('2', 'b', 0)], ['b'], AFFINITY_WINDOW_MS + 1)).toBe('1')
  })

  it('never overtakes a job that was put in front', () => {
    expect(choose([record('1', 'a', 0, -1), record('2', 'b', 0)], ['b'], 1)).toBe('1')
  })

  it('finds nothing in an empty queue', () => {
    expect(choose([], ['a'], 0)).toBeUndefined()
  })
})
