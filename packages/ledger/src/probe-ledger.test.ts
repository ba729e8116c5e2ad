import { describe, expect, it } from 'vitest'
import { AtelierError } from './errors.ts'
import type { DocumentStore } from './job-ledger.ts'
import { probeLedger } from './probe-ledger.ts'

const storeOf = (read: DocumentStore['read'], outage?: string) => ({
  documents: { read } as DocumentStore,
  findOutage: () => outage,
})

describe('probeLedger', () => {
  it('finds nothing wrong with a ledger that answers', async () => {
    expect(await probeLedger(storeOf(async () => undefined))).toBeUndefined()
  })

  it('tells why a ledger cannot be read', async () => {
    const broken = storeOf(() => Promise.reject(new AtelierError('unavailable', 'no servers')))
    expect(await probeLedger(broken)).toBe('the ledger cannot be read: no servers')
  })

  it('does not ask one that is known to be away', async () => {
    const away = storeOf(() => new Promise(() => undefined), 'nobody is there')
    expect(await probeLedger(away)).toBe('nobody is there')
  })

  it('does not wait for ever for one that says nothing', async () => {
    const silent = storeOf(() => new Promise(() => undefined))
    expect(await probeLedger(silent, 5)).toBe('the ledger did not answer within 5 ms')
  })
})
