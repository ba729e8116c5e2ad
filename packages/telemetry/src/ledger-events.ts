import { Counter } from 'prom-client'

/**
 * Counts what a shared ledger meets; it is opened before there is a registry, which takes the counter later. Every kind is
 * there from the start: of a counter that appears with its first event, Prometheus sees no increase.
 */
export function createLedgerEventCounter(kinds: readonly string[]): Counter<'kind'> {
  const counter = new Counter({
    name: 'atelier_ledger_events_total',
    help: 'What the shared ledger met and dealt with, by kind',
    labelNames: ['kind'],
    registers: [],
  })
  for (const kind of kinds) counter.inc({ kind }, 0)
  return counter
}
