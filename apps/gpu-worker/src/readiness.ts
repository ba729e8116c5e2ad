import { ModelKind, type ModelFile } from '@atelier/proto'
import { probeLedger, type LedgerStore } from '@atelier/ledger'
import type { Readiness } from '@atelier/telemetry'

/** What a worker's readiness depends on. */
export interface ReadinessInputs {
  readonly store: Pick<LedgerStore, 'documents' | 'findOutage'>
  readonly isDraining: boolean
  /** The engine is up: its device has answered a small calculation. */
  readonly isEngineUp: boolean
  /** Jobs are being asked for. */
  readonly isPulling: boolean
  readonly files: readonly ModelFile[]
}

/**
 * Whether a worker takes jobs: it asks for them, its engine is up, it has a checkpoint it can load, and the ledger
 * answers. Loading another checkpoint does not make it unready.
 */
export async function readReadiness(inputs: ReadinessInputs): Promise<Readiness> {
  const refuse = (reason: string): Readiness => ({ ready: false, reason })
  if (inputs.isDraining) return refuse('the worker drains')
  if (!inputs.isEngineUp) return refuse('the engine is not up')
  if (!inputs.isPulling) return refuse('no jobs are asked for yet')
  const isUsable = ({ kind, unusableReason }: ModelFile) =>
    (kind === ModelKind.MODEL_KIND_CHECKPOINT || kind === ModelKind.MODEL_KIND_DIFFUSERS_FOLDER) &&
    unusableReason === ''
  if (!inputs.files.some(isUsable)) return refuse('there is no usable checkpoint')
  const reason = await probeLedger(inputs.store)
  return reason === undefined ? { ready: true } : refuse(reason)
}
