import { hasNatsServer } from '@atelier/ledger/test-kit'
import { describe, expect, it } from 'vitest'
import { runChaos } from './kit/chaos-run.ts'

/** Long enough for a busy machine: ten kills cost ten starts and a few leases. */
const LIMIT_MS = 480_000

// The short version of `bench/chaos/run.ts`.
describe.skipIf(!hasNatsServer())('gateways, workers and brokers killed at random', () => {
  it(
    'lose no job, double none, leave none behind',
    async () => {
      const { verdict, kills } = await runChaos({
        ...{ jobs: 500, kills: 10, clients: 40, seed: 7 },
        ...{ nodes: 3, gateways: 2, workers: 2 },
        limitMs: LIMIT_MS,
      })
      expect(verdict).toMatchObject({
        ...{ jobs: 500, right: 500, lost: [], wrong: [], doubled: [], stuck: [], failed: [] },
      })
      expect(kills.workers + kills.gateways + kills.nodes).toBeGreaterThanOrEqual(10)
    },
    LIMIT_MS + 120_000,
  )
})
