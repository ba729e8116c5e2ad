import { JobResult, type NamedFile } from '@atelier/proto'
import type { JobOutcome } from '@atelier/ledger'
import type { EngineOutcome } from '../engine-protocol.ts'

/** What the ledger is told of an engine's outcome, its files stored. */
export function toOutcome(outcome: EngineOutcome, files: readonly NamedFile[]): JobOutcome {
  const result = JobResult.fromPartial({ ...outcome.result, files: [...files] })
  if (outcome.kind === 'failed') return { kind: 'failed', error: outcome.error, result }
  return { kind: outcome.kind, result }
}
