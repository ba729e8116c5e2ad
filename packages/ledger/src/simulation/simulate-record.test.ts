import { describe, expect, it } from 'vitest'
import { BROKEN_MACHINES } from './broken-machines.ts'
import { simulateRecord } from './simulate-record.ts'

// bench/ledger/interleavings.ts runs a million; this many catch every broken machine.
const COUNT = 5_000

describe('simulateRecord', () => {
  it('finds no interleaving that breaks an invariant', () => {
    for (let seed = 0; seed < COUNT; seed += 1) simulateRecord(seed)
  })

  it.each(Object.keys(BROKEN_MACHINES))('would find it when %s', (name) => {
    expect(() => {
      for (let seed = 0; seed < COUNT; seed += 1) simulateRecord(seed, BROKEN_MACHINES[name])
    }).toThrow('does not hold')
  })
})
