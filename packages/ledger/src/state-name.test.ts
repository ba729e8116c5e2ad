import { JobState } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { toStateName } from './state-name.ts'

describe('toStateName', () => {
  it('names states in one lower-case word', () => {
    expect(toStateName(JobState.JOB_STATE_QUEUED)).toBe('queued')
    expect(toStateName(JobState.JOB_STATE_CANCELLING)).toBe('cancelling')
    expect(toStateName(JobState.JOB_STATE_PARKED)).toBe('parked')
  })

  it('does not fail on a state of a newer version', () => {
    expect(toStateName(99 as JobState)).toBe('unrecognized')
  })
})
