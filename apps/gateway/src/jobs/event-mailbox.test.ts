import type { JobProgressBody, JobSummary } from '@atelier/catalog/atelier-api'
import { describe, expect, it } from 'vitest'
import { EventMailbox } from './event-mailbox.ts'

const job = (id: string, state: JobSummary['state']) => ({ id, state }) as JobSummary
const step = (step: number) => ({ step }) as JobProgressBody
const never = new AbortController().signal

describe('EventMailbox', () => {
  it('keeps the newest news of a job, and the jobs in the order of their news', () => {
    const mailbox = new EventMailbox()
    mailbox.putJob(job('a', 'queued'))
    mailbox.putJob(job('b', 'queued'))
    mailbox.putJob(job('a', 'running'))
    mailbox.putProgress('a', step(1))
    mailbox.putProgress('a', step(2))
    expect(mailbox.take()).toEqual([
      { name: 'job', data: job('a', 'running') },
      { name: 'progress', data: { id: 'a', progress: step(2) } },
      { name: 'job', data: job('b', 'queued') },
    ])
    expect(mailbox.take()).toEqual([])
  })

  it('forgets steps of a job that has changed since', () => {
    const mailbox = new EventMailbox()
    mailbox.putProgress('a', step(9))
    mailbox.putJob(job('a', 'done'))
    expect(mailbox.take()).toEqual([{ name: 'job', data: job('a', 'done') }])
  })

  it('wakes who waits for news, at once where there are some', async () => {
    const mailbox = new EventMailbox()
    const waiting = mailbox.whenFilled(60_000, never)
    mailbox.putProgress('a', step(1))
    await waiting
    await mailbox.whenFilled(60_000, never)
    expect(mailbox.take()).toHaveLength(1)
  })

  it('lets who waits go when the time is over or the listener has left', async () => {
    const mailbox = new EventMailbox()
    await mailbox.whenFilled(1, never)
    const left = new AbortController()
    const waiting = mailbox.whenFilled(60_000, left.signal)
    left.abort()
    await waiting
    expect(mailbox.take()).toEqual([])
  })
})
