import { Job, JobRecord, JobState } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { QueueDepths } from './queue-depths.ts'

const record = (state: JobState, tenant = 'a') =>
  JobRecord.fromPartial({ job: Job.fromPartial({ tenant }), state })
const queued = (tenant = 'a') => record(JobState.JOB_STATE_QUEUED, tenant)

describe('QueueDepths', () => {
  it('counts jobs that wait, by tenant and in all', () => {
    const depths = new QueueDepths()
    depths.update(undefined, queued('a'))
    depths.update(undefined, queued('a'))
    depths.update(undefined, queued('b'))
    depths.update(undefined, record(JobState.JOB_STATE_RUNNING))
    expect(depths.read('a')).toEqual({ all: 3, tenant: 2 })
    expect(depths.read('c')).toEqual({ all: 3, tenant: 0 })
  })

  it('lets a job go that begins, and takes it back when it is queued again', () => {
    const depths = new QueueDepths()
    const running = record(JobState.JOB_STATE_RUNNING)
    depths.update(undefined, queued())
    depths.update(queued(), running)
    expect(depths.read('a')).toEqual({ all: 0, tenant: 0 })
    depths.update(running, queued())
    expect(depths.read('a')).toEqual({ all: 1, tenant: 1 })
    depths.update(queued(), record(JobState.JOB_STATE_CANCELLED))
    expect(depths.read('a')).toEqual({ all: 0, tenant: 0 })
  })

  it('forgets a job that is no longer followed', () => {
    const depths = new QueueDepths()
    depths.update(undefined, queued())
    depths.update(queued(), undefined)
    expect(depths.read('a')).toEqual({ all: 0, tenant: 0 })
  })
})
