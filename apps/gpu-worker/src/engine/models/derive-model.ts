import { declareFamily } from '../adapters/adapter-family.ts'
import type { AdapterFlavour } from '../adapters/adapter-format.ts'
import { listTargets } from '../adapters/adapter-targets.ts'
import { deriveWeights, isAdapter, type AppliedChange, type Derivation } from '../adapters/derive-weights.ts'
import { EngineError } from '../engine-error.ts'
import { partsOfCheckpoint, type AdaptableParts } from './adaptable-parts.ts'
import type { CheckpointSource } from './checkpoint-source.ts'

/**
 * What adapters and mixtures do to a checkpoint.
 * @throws EngineError `invalid-request` for an adapter that was made for another family and does not fit
 */
export function deriveModel(
  source: CheckpointSource,
  changes: readonly AppliedChange[],
  flavour: AdapterFlavour,
): Derivation {
  return deriveParts(partsOfCheckpoint(source, source.file.path), changes, flavour)
}

/**
 * What adapters and mixtures do to the parts of a model.
 * @throws EngineError `invalid-request` for an adapter that was made for another family and does not fit
 */
export function deriveParts(
  parts: AdaptableParts,
  changes: readonly AppliedChange[],
  flavour: AdapterFlavour,
): Derivation {
  const derivation = deriveWeights(listTargets(parts), changes, flavour)
  for (const adapter of changes.filter(isAdapter)) {
    const family = declareFamily(adapter.file)
    const [misfit] = derivation.remarks.get(adapter) ?? []
    if (family === undefined || parts.family === undefined || misfit === undefined) continue
    // A refiner goes on with the LoRAs of SDXL, of which little fits it (A1111).
    if (parts.family.startsWith(family)) continue
    throw new EngineError(
      'invalid-request',
      `the LoRA ${adapter.name} was made for ${family}, not for this ${parts.family} checkpoint: ${misfit}`,
    )
  }
  return derivation
}
