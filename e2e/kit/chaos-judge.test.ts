import { describe, expect, it } from 'vitest'
import type { LogEntry } from './chaos-client.ts'
import { judge, type JudgedRecord } from './chaos-judge.ts'

const entry = (id: string, change: Partial<LogEntry> = {}): LogEntry => ({
  ...{ id, retries: 0, way: 'wait', note: id, askedAtMs: 0, milliseconds: 1 },
  ...change,
})
const record = (publicId: string, change: Partial<JudgedRecord> = {}): JudgedRecord => ({
  ...{ publicId, state: 'done', executions: 1, submittedAtMs: 0, startedAtMs: 0, endedAtMs: 0 },
  ...change,
})
const verdictOf = (log: readonly LogEntry[], records = [record('a'), record('b')]) =>
  judge(['a', 'b'], log, records)

// A judge that finds nothing is worth nothing: each fault is put before it once.
describe('the judge of chaos', () => {
  it('finds nothing where every job has its own picture', () => {
    expect(verdictOf([entry('a'), entry('b', { retries: 3 })])).toEqual({
      ...{ jobs: 2, right: 2, lost: [], wrong: [], doubled: [], stuck: [], failed: [] },
      ...{ turnedAway: 0, retries: 3, begunAgain: 0 },
    })
  })

  it('finds a job that nobody answered, and one without a record', () => {
    expect(verdictOf([entry('a')]).lost).toEqual(['b'])
    expect(verdictOf([entry('a'), entry('b')], [record('a')]).lost).toEqual(['b'])
  })

  it('finds the picture of another job', () => {
    expect(verdictOf([entry('a'), entry('b', { note: 'a' })])).toMatchObject({ wrong: ['b'], right: 1 })
  })

  it('finds a job with two records or two answers', () => {
    const twice = [record('a'), record('a'), record('b')]
    expect(verdictOf([entry('a'), entry('b')], twice).doubled).toEqual(['a'])
    expect(verdictOf([entry('a'), entry('b'), entry('b')]).doubled).toEqual(['b'])
  })

  it('takes a request that was turned away for no job, and its repetition for the job', () => {
    const again = [record('a', { state: 'rejected' }), record('a'), record('b', { state: 'rejected' })]
    expect(verdictOf([entry('a'), entry('b')], again)).toMatchObject({
      ...{ doubled: [], lost: ['b'], turnedAway: 2, stuck: [] },
    })
  })

  it('finds a job that has not ended, and one that failed', () => {
    const open = [record('a', { state: 'running' }), record('b', { executions: 2 })]
    expect(verdictOf([entry('a'), entry('b')], open)).toMatchObject({ stuck: ['a'], begunAgain: 1 })
    const { note: _, ...failed } = entry('b', { failure: '500 parked' })
    expect(verdictOf([entry('a'), failed]).failed).toEqual(['b: 500 parked'])
  })
})
