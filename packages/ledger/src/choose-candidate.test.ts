import { JobRecord } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { AFFINITY_WINDOW_MS, CandidateChooser } from './choose-candidate.ts'

const record = (id: string, checkpoint: string, submittedAtMs: number, queueNumber = 0) =>
  JobRecord.fromPartial({ job: { id, submittedAtMs, queueNumber, models: [{ identity: checkpoint }] } })
const choose = (records: JobRecord[], residents: string[], elapsed = 0, chooser = new CandidateChooser()) =>
  chooser.choose(records, residents, elapsed)?.job?.id

describe('CandidateChooser', () => {
  it('takes the head when its checkpoint is loaded, or when nobody’s is', () => {
    expect(choose([record('1', 'a', 0), record('2', 'b', 0)], ['a'])).toBe('1')
    expect(choose([record('1', 'a', 0), record('2', 'b', 0)], [])).toBe('1')
  })

  it('lets a job whose checkpoint is loaded pass the head, and one that needs none', () => {
    expect(choose([record('1', 'a', 0), record('2', 'b', 0)], ['b'])).toBe('2')
    const without = JobRecord.fromPartial({ job: { id: '2' } })
    expect(choose([record('1', 'a', 0), without], ['b'])).toBe('2')
  })

  it('lets no job pass that was admitted more than the window later, however old the head is', () => {
    const head = record('1', 'a', 1_000)
    expect(choose([head, record('2', 'b', 1_000 + AFFINITY_WINDOW_MS)], ['b'], 1e9)).toBe('2')
    expect(choose([head, record('2', 'b', 1_001 + AFFINITY_WINDOW_MS)], ['b'], 1e9)).toBe('1')
  })

  it('passes a head over for the window from the first time, and the next head anew', () => {
    const chooser = new CandidateChooser()
    const flood = Array.from({ length: 3 }, (_, i) => record(`b${i}`, 'b', 0))
    const [first, second] = [record('1', 'a', 0), record('2', 'c', 0)]
    expect(choose([first, second, ...flood], ['b'], 5_000, chooser)).toBe('b0')
    expect(choose([first, second, ...flood], ['b'], 5_000 + AFFINITY_WINDOW_MS, chooser)).toBe('b0')
    expect(choose([first, second, ...flood], ['b'], 5_001 + AFFINITY_WINDOW_MS, chooser)).toBe('1')
    expect(choose([second, ...flood], ['b'], 5_002 + AFFINITY_WINDOW_MS, chooser)).toBe('b0')
  })

  it('never passes a job that was put in front', () => {
    expect(choose([record('1', 'a', 0, -1), record('2', 'b', 0)], ['b'])).toBe('1')
  })

  it('finds nothing in an empty queue', () => {
    expect(choose([], ['a'])).toBeUndefined()
  })

  it('looks at the beginning of a long queue only', () => {
    const looked = { count: 0 }
    function* queue() {
      for (let i = 0; i < 10_000; i += 1) {
        looked.count += 1
        yield record(`${i}`, 'a', 0)
      }
    }
    expect(new CandidateChooser().choose(queue(), ['b'], 0)?.job?.id).toBe('0')
    expect(looked.count).toBeLessThan(300)
  })
})
