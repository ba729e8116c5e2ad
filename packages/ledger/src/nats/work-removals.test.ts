import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream'
import { expect, it, vi } from 'vitest'
import { API_CODES } from './errors.ts'
import type { NatsLink, Session } from './link.ts'
import { WorkRemovals } from './work-removals.ts'

type Streams = Pick<JetStreamManager['streams'], 'deleteMessage' | 'purge'>

/** Asks a broker that answers as told to remove messages; resolves with the error of that, if there was one. */
function remove(streams: Streams, firstNeeded: number, sequences: readonly number[]): Promise<unknown> {
  return new Promise((resolve) => {
    const session = { jsm: { streams } } as unknown as Session
    const use: NatsLink['use'] = (_, work) => {
      const working = work(session)
      working.then(() => resolve(undefined), resolve)
      return working
    }
    const link = { names: { work: 'work' }, use } as unknown as NatsLink
    const removals = new WorkRemovals(link, () => firstNeeded)
    for (const sequence of sequences) removals.add(sequence)
  })
}

const apiError = (code: number) => new JetStreamApiError({ code: 404, err_code: code, description: 'no' })

it('takes the beginning away with one request and the rest one by one', async () => {
  const deleteMessage = vi.fn(() => Promise.resolve(true))
  const purge = vi.fn(() => Promise.resolve({ success: true, purged: 2 }))
  expect(await remove({ deleteMessage, purge }, 3, [1, 2, 5])).toBeUndefined()
  expect(purge.mock.calls).toEqual([['work', { seq: 3 }]])
  expect(deleteMessage.mock.calls).toEqual([['work', 5, false]])
})

it.each([API_CODES.messageNotFound, API_CODES.sequenceNotFound, API_CODES.messageDeleteFailed])(
  'takes a message that is gone already for removed (%i)',
  async (code) => {
    const streams = { deleteMessage: () => Promise.reject(apiError(code)), purge: vi.fn() }
    expect(await remove(streams, 1, [7])).toBeUndefined()
  },
)

// A rejection that nobody listens to ends a process, and fails this run.
it('outlives a removal that fails while the beginning is still being taken away', async () => {
  const failure = apiError(API_CODES.noRoom[0])
  const purge = () => new Promise<never>((_, reject) => setTimeout(() => reject(failure), 20))
  const error = await remove({ deleteMessage: () => Promise.reject(failure), purge }, 3, [1, 5])
  expect(error).toBe(failure)
  await new Promise((resolve) => setTimeout(resolve, 40))
})
