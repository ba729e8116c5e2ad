import pino from 'pino'
import { describe, expect, it } from 'vitest'
import type { ToEngine } from '../engine-protocol.ts'
import { answerAllocation } from './answer-allocation.ts'

const REQUEST = { kind: 'allocate', requestId: 7, tenant: 'open', counter: 'output//x', count: 3 } as const

async function answer(allocate: (...args: readonly unknown[]) => Promise<number>): Promise<ToEngine[]> {
  const sent: ToEngine[] = []
  const send = (message: ToEngine): void => void sent.push(message)
  await answerAllocation(REQUEST, { jobs: { allocate }, send, logger: pino({ level: 'silent' }) })
  return sent
}

describe('an engine that asks for numbers', () => {
  it('is told the first of those that the ledger reserved', async () => {
    const asked: unknown[] = []
    const sent = await answer(async (...args) => {
      asked.push(args)
      return 42
    })
    expect(asked).toEqual([['open', 'output//x', 3]])
    expect(sent).toEqual([{ kind: 'allocated', requestId: 7, first: 42 }])
  })

  it('is told that there are none when the ledger refuses', async () => {
    const sent = await answer(() => Promise.reject(new TypeError('no such counter')))
    expect(sent).toEqual([{ kind: 'allocated', requestId: 7 }])
  })
})
