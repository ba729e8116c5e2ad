import { detectModel } from '../checkpoint/detect-model.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { openTextWeights } from '../checkpoint/text-names.ts'
import { computeWeight as computeOnSession } from '../models/compute-weight.ts'
import type { ChangedWeights } from '../onnx/graph-builder.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import type { AdapterFlavour } from './adapter-format.ts'
import { listTargets } from './adapter-targets.ts'
import { deriveWeights, withChanges, type AppliedAdapter } from './derive-weights.ts'

/** Folder of the recorded adapters. Test code. */
export const ADAPTERS = new URL('__fixtures__/files/', import.meta.url)

/** A recorded adapter at a strength. */
export function adapter(name: string, strength: number, more: Partial<AppliedAdapter> = {}): AppliedAdapter {
  const file = readSafetensors(new URL(`${name}.safetensors`, ADAPTERS).pathname)
  return { name, file, strengthOf: () => strength, ...more }
}

/** One weight as a graph takes it, changes and all. */
export async function computeWeight(file: ChangedWeights, name: string): Promise<Tensor> {
  return computeOnSession(file, name, TEST_SESSION)
}

/** The tiny SD1 checkpoint, whose weights adapters change. */
export function openTinyModel() {
  const file = readSafetensors(unpackTinyCheckpoint())
  const { unet, textEncoders } = detectModel(file)
  const text = openTextWeights(file, textEncoders[0]!)
  const targets = listTargets({ denoiser: { file, config: unet }, texts: [{ key: 'clip_l', file: text }] })
  const read = async (
    name: string,
    adapters: readonly AppliedAdapter[],
    flavour: AdapterFlavour,
  ): Promise<Tensor> => {
    const derivation = deriveWeights(targets, adapters, flavour)
    return name.startsWith('text_model.')
      ? computeWeight(withChanges(text, derivation, 'clip_l'), name)
      : computeWeight(withChanges(file, derivation, 'denoiser'), unet.prefix + name)
  }
  return { targets, read, prefix: unet.prefix }
}
