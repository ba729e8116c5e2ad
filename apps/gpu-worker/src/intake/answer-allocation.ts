import type { LedgerStore } from '@atelier/ledger'
import type { Logger } from 'pino'
import type { FromEngine, ToEngine } from '../engine-protocol.ts'
import { persist } from './persist.ts'

/** What allocations are answered with. */
export interface AllocationDeps {
  readonly jobs: Pick<LedgerStore['jobs'], 'allocate'>
  readonly send: (message: ToEngine) => void
  readonly logger: Logger
}

/** Has the ledger reserve the numbers an engine asks for, and tells it the first; none where that cannot be. */
export async function answerAllocation(
  { requestId, tenant, counter, count }: Extract<FromEngine, { kind: 'allocate' }>,
  { jobs, send, logger }: AllocationDeps,
): Promise<void> {
  try {
    const first = await persist(() => jobs.allocate(tenant, counter, count), {
      isWanted: () => true,
      onRetry: (error) => logger.warn({ err: error }, 'no number can be allocated yet'),
    })
    send({ kind: 'allocated', requestId, first })
  } catch (error) {
    logger.error({ err: error, counter }, 'no number can be allocated')
    send({ kind: 'allocated', requestId })
  }
}
