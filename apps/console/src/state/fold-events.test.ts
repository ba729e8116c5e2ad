import type { JobProgressBody, JobSummary } from '@atelier/catalog/atelier-api'
import { describe, expect, it } from 'vitest'
import { foldEvent, type KnownJobs } from './fold-events.ts'

const job = (id: string, state: JobSummary['state']): JobSummary => ({ id, state }) as JobSummary
const NOTHING: KnownJobs = { open: [], ended: [] }

describe('foldEvent', () => {
  it('takes the list of open jobs whole, and keeps what ended', () => {
    const known = { open: [job('old', 'running')], ended: [job('done', 'done')] }
    const folded = foldEvent(known, { name: 'jobs', data: { jobs: [job('new', 'queued')] } })
    expect(folded).toEqual({ open: [job('new', 'queued')], ended: known.ended })
  })

  it('puts a new job at the end of the queue, and a known one in its place', () => {
    const queue = ['a', 'b'].reduce(
      (known, id) => foldEvent(known, { name: 'job', data: job(id, 'queued') }),
      NOTHING,
    )
    const running = foldEvent(queue, { name: 'job', data: job('a', 'running') })
    expect(running.open).toEqual([job('a', 'running'), job('b', 'queued')])
  })

  it('moves a job that has ended to the front of those, once', () => {
    const known = { open: [job('a', 'running')], ended: [job('before', 'done')] }
    const once = foldEvent(known, { name: 'job', data: job('a', 'done') })
    const twice = foldEvent(once, { name: 'job', data: job('a', 'done') })
    expect(twice).toEqual({ open: [], ended: [job('a', 'done'), job('before', 'done')] })
  })

  it('takes back a job that is run again', () => {
    const known = { open: [], ended: [job('a', 'failed')] }
    expect(foldEvent(known, { name: 'job', data: job('a', 'queued') })).toEqual({
      open: [job('a', 'queued')],
      ended: [],
    })
  })

  it('keeps the progress of a job it knows', () => {
    const known = { open: [job('a', 'running'), job('b', 'running')], ended: [] }
    const progress = { step: 3 } as JobProgressBody
    const folded = foldEvent(known, { name: 'progress', data: { id: 'b', progress } })
    expect(folded.open.map((one) => one.progress)).toEqual([undefined, progress])
  })
})
