import { declareFamily } from '../adapters/adapter-family.ts'
import type { AdapterFlavour } from '../adapters/adapter-format.ts'
import { listTargets } from '../adapters/adapter-targets.ts'
import { deriveWeights, type AppliedAdapter, type Derivation } from '../adapters/derive-weights.ts'
import { openTextWeights } from '../checkpoint/text-names.ts'
import { EngineError } from '../engine-error.ts'
import type { CheckpointSource } from './checkpoint-source.ts'

/**
 * What adapters do to a checkpoint.
 * @throws EngineError `invalid-request` for an adapter that was made for another family and does not fit
 */
export function deriveModel(
  { file, detected }: CheckpointSource,
  adapters: readonly AppliedAdapter[],
  flavour: AdapterFlavour,
): Derivation {
  const targets = listTargets({
    denoiser: { file, config: detected.unet },
    texts: detected.textEncoders.map((config) => ({ key: config.key, file: openTextWeights(file, config) })),
  })
  const derivation = deriveWeights(targets, adapters, flavour)
  for (const adapter of adapters) {
    const family = declareFamily(adapter.file)
    const [misfit] = derivation.remarks.get(adapter) ?? []
    // A refiner goes on with the LoRAs of SDXL, of which little fits it (A1111).
    const isOther = family !== undefined && !detected.family.startsWith(family)
    if (!isOther || misfit === undefined) continue
    throw new EngineError(
      'invalid-request',
      `the LoRA ${adapter.name} was made for ${family}, not for this ${detected.family} checkpoint: ${misfit}`,
    )
  }
  return derivation
}
