import { AtelierError } from '@atelier/ledger'
import type { ModelIndex } from './model-index.ts'

/** How long a request waits for the first worker to be told, milliseconds: a moment after both have started. */
const WAIT_MS = 2_000

/**
 * Refuses for now what cannot be judged: without a worker in the directory (this gateway began a moment ago, or the
 * ledger is away) nobody knows which models there are, and "there is none" would be a lie that clients take for final.
 * @throws AtelierError `unavailable` when no worker is known after a moment
 */
export async function requireWorkers(models: ModelIndex): Promise<void> {
  if (await models.whenKnown(WAIT_MS)) return
  throw new AtelierError('unavailable', 'no worker is known at the moment; try again')
}
