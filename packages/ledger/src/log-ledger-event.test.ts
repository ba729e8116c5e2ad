import { describe, expect, it, vi } from 'vitest'
import { logLedgerEvent } from './log-ledger-event.ts'

describe('logLedgerEvent', () => {
  it('logs what an operator should see as a warning, with its subject and cause', () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn() }
    const cause = new Error('reset')
    logLedgerEvent(logger, { kind: 'disconnected', subject: 'nats://h', cause })
    expect(logger.warn.mock.calls[0]?.[0]).toEqual({
      event: 'ledger-disconnected',
      subject: 'nats://h',
      err: cause,
    })
  })

  it('logs what is every day’s business lower', () => {
    const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn() }
    logLedgerEvent(logger, { kind: 'conflict', subject: 'a.b' })
    logLedgerEvent(logger, { kind: 'connected', subject: 'nats://h' })
    expect([logger.debug, logger.info, logger.warn].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0])
  })
})
