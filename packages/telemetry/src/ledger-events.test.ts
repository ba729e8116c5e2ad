import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createLedgerEventCounter } from './ledger-events.ts'

describe('createLedgerEventCounter', () => {
  it('keeps what it counted before a registry took it', async () => {
    const counter = createLedgerEventCounter(['connected', 'lease-expired', 'conflict'])
    counter.inc({ kind: 'connected' })
    const registry = new Registry()
    registry.registerMetric(counter)
    counter.inc({ kind: 'lease-expired' })
    const text = await registry.metrics()
    expect(text).toContain('atelier_ledger_events_total{kind="connected"} 1')
    expect(text).toContain('atelier_ledger_events_total{kind="lease-expired"} 1')
    expect(text).toContain('atelier_ledger_events_total{kind="conflict"} 0')
  })
})
