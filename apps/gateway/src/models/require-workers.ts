import { AtelierError } from '@atelier/ledger'
import type { ModelIndex } from './model-index.ts'

/**
 * Refuses for now what cannot be judged: without a worker in the directory (this gateway began a moment ago, or the
 * ledger is away) nobody knows which models there are, and "there is none" would be a lie that clients take for final.
 * @throws AtelierError `unavailable` when no worker is known
 */
export function requireWorkers(models: ModelIndex): void {
  if (models.workers().length > 0) return
  throw new AtelierError('unavailable', 'no worker is known at the moment; try again')
}
