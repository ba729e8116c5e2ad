import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { BROKEN_MACHINES, simulateRecord } from '@atelier/ledger/simulation'

// Random interleavings of a job record's state machine; argument: how many (1000000). Every invariant is checked after
// every change; copies of the machine with one fault each must be caught (a simulation that catches nothing proves
// nothing). Exits with 1 otherwise.

const count = Number(process.argv[2] ?? 1_000_000)
const began = performance.now()
for (let seed = 0; seed < count; seed += 1) simulateRecord(seed)
const seconds = (performance.now() - began) / 1000

const caughtAfter = Object.fromEntries(
  Object.keys(BROKEN_MACHINES).map((name) => [name, countUntilCaught(name)]),
)
const result = {
  ...{ interleavings: count, violations: 0, seconds: Number(seconds.toFixed(1)) },
  caughtAfter,
  node: process.version,
  cpu: cpus()[0]?.model,
}
const folder = fileURLToPath(new URL('../results/', import.meta.url))
mkdirSync(folder, { recursive: true })
writeFileSync(`${folder}interleavings.json`, `${JSON.stringify(result, null, 2)}\n`)
console.log(result)
if (Object.values(caughtAfter).includes(null)) process.exitCode = 1

/** Interleavings until the fault shows; null: it never does. */
function countUntilCaught(name: string): number | null {
  for (let seed = 0; seed < count; seed += 1) {
    try {
      simulateRecord(seed, BROKEN_MACHINES[name])
    } catch {
      return seed + 1
    }
  }
  return null
}
