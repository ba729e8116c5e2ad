import { JobState } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { SubmitRules } from '../job-ledger.ts'
import { createContractJob as createJob, type ContractSubject } from './contract-subject.ts'

const KEYED = { keepsBody: true } as const
const AFTER_CANCEL = { runsAgainAfter: [JobState.JOB_STATE_CANCELLED] }

/** How every ledger meets an id that comes again, and several at the same instant. */
export function describeSubmission(subject: () => ContractSubject): void {
  describe('an id that comes again', () => {
    const submit = (publicId: string, requestDigest: string, rules?: SubmitRules) =>
      subject().store.jobs.submit(createJob({ publicId, requestDigest }), rules)
    const cancel = (jobId: string) => subject().store.jobs.cancel('a', jobId)

    it('is refused with another body where it stands for one', async () => {
      const first = await submit('p', 'd1', KEYED)
      await expect(submit('p', 'd2', KEYED)).rejects.toMatchObject({ code: 'conflict', retryable: false })
      expect((await submit('p', 'd1', KEYED)).record.job?.id).toBe(first.record.job?.id)
    })

    it('finds its end, or runs anew after the ends that are told', async () => {
      const first = await submit('p', 'd')
      await cancel(first.record.job!.id)
      expect((await submit('p', 'd', KEYED)).record.state).toBe(JobState.JOB_STATE_CANCELLED)
      const again = await submit('p', 'd', AFTER_CANCEL)
      expect([again.kind, again.record.state]).toEqual(['created', JobState.JOB_STATE_QUEUED])
      const third = await submit('p', 'd', AFTER_CANCEL)
      expect([third.kind, third.record.job?.id]).toEqual(['attached', again.record.job?.id])
    })

    it('is free for another body when its job was forgotten', async () => {
      const { record } = await submit('p', 'd1', KEYED)
      await cancel(record.job!.id)
      await subject().store.jobs.forget('a', [record.job!.id])
      expect((await submit('p', 'd2', KEYED)).kind).toBe('created')
    })
  })

  describe('an id that comes several times at once, through two handles', () => {
    const submitAll = async (digests: readonly string[], rules: SubmitRules, publicId = 'p') => {
      const { store, openSecond } = subject()
      const second = await openSecond()
      const results = await Promise.allSettled(
        digests.map((requestDigest, index) =>
          (index % 2 === 0 ? store : second).jobs.submit(createJob({ publicId, requestDigest }), rules),
        ),
      )
      await second.close()
      return {
        taken: results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
        refused: results.flatMap((one) => (one.status === 'rejected' ? [one.reason as Error] : [])),
      }
    }

    it('takes one of several bodies where it stands for one', async () => {
      for (const publicId of ['p1', 'p2', 'p3']) {
        const { taken, refused } = await submitAll(['1', '2', '3', '4', '5', '6'], KEYED, publicId)
        expect(taken.map(({ kind }) => kind)).toEqual(['created'])
        expect(refused).toEqual(Array(5).fill(expect.objectContaining({ code: 'conflict' })))
      }
      expect(await subject().store.jobs.list({})).toHaveLength(3)
    })

    it('makes one job of one body', async () => {
      const { taken } = await submitAll(Array(6).fill('d'), {})
      expect(taken.map(({ kind }) => kind).sort()).toEqual([...Array(5).fill('attached'), 'created'])
      expect(new Set(taken.map(({ record }) => record.job?.id)).size).toBe(1)
    })

    it('runs a bad end again once', async () => {
      const { store } = subject()
      const { record } = await store.jobs.submit(createJob({ publicId: 'p', requestDigest: 'd' }))
      await store.jobs.cancel('a', record.job!.id)
      const { taken } = await submitAll(Array(6).fill('d'), AFTER_CANCEL)
      expect(taken.map(({ kind }) => kind).sort()).toEqual([...Array(5).fill('attached'), 'created'])
      expect(await store.jobs.list({ states: [JobState.JOB_STATE_QUEUED] })).toHaveLength(1)
    })
  })
}
