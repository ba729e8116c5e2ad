import { Counter } from 'prom-client'

/** Counts what a shared ledger meets; it is opened before there is a registry, which takes the counter later. */
export function createLedgerEventCounter(): Counter<'kind'> {
  return new Counter({
    name: 'atelier_ledger_events_total',
    help: 'What the shared ledger met and dealt with, by kind',
    labelNames: ['kind'],
    registers: [],
  })
}
