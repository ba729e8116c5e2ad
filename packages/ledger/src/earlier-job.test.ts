import { Job, JobRecord, JobState } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { attachesTo } from './earlier-job.ts'

const job = Job.fromPartial({ publicId: 'p', requestDigest: 'd' })
const earlier = (state: JobState, requestDigest = 'd') =>
  JobRecord.fromPartial({ state, job: { publicId: 'p', requestDigest } })

describe('attachesTo', () => {
  it.each([
    ['waits', JobState.JOB_STATE_QUEUED],
    ['runs', JobState.JOB_STATE_RUNNING],
    ['is done', JobState.JOB_STATE_DONE],
    ['failed', JobState.JOB_STATE_FAILED],
    ['was parked', JobState.JOB_STATE_PARKED],
  ])('attaches the same body to a job that %s', (_, state) => {
    expect(attachesTo(earlier(state), job, {})).toBe(true)
    expect(attachesTo(earlier(state), job, { keepsBody: true })).toBe(true)
  })

  it('runs the same body again after the ends it is told of, and after a refusal', () => {
    const rules = { runsAgainAfter: [JobState.JOB_STATE_FAILED] }
    expect(attachesTo(earlier(JobState.JOB_STATE_FAILED), job, rules)).toBe(false)
    expect(attachesTo(earlier(JobState.JOB_STATE_DONE), job, rules)).toBe(true)
    expect(attachesTo(earlier(JobState.JOB_STATE_REJECTED), job, {})).toBe(false)
  })

  it('starts another body anew, or refuses it where the id stands for one body', () => {
    const other = earlier(JobState.JOB_STATE_DONE, 'e')
    expect(attachesTo(other, job, {})).toBe(false)
    expect(() => attachesTo(other, job, { keepsBody: true })).toThrow('the id p was used with another body')
    expect(attachesTo(earlier(JobState.JOB_STATE_REJECTED, 'e'), job, { keepsBody: true })).toBe(false)
  })

  it('attaches to nothing where nothing was', () => {
    expect(attachesTo(undefined, job, { keepsBody: true })).toBe(false)
  })
})
