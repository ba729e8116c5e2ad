import { ModelKind, type ModelRef } from '@atelier/proto'
import type { Derivation } from '../adapters/derive-weights.ts'
import { openVaeFile } from '../checkpoint/separate-files.ts'
import { EngineError } from '../engine-error.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { AdapterRef } from './adapter-refs.ts'
import { openCheckpoint, type CheckpointSource } from './checkpoint-source.ts'
import { computeWeight } from './compute-weight.ts'
import type { DerivedModels } from './derived-models.ts'
import type { KnownFiles } from './known-files.ts'
import { openTextFiles, type OpenedText } from './load-text-encoders.ts'
import { openParts } from './open-parts.ts'
import type { ComputeWeight } from './saved-weights.ts'

/** What a MODEL or CLIP stands for. */
export interface WeightsRef {
  readonly checkpoint: ModelRef
  readonly companion?: ModelRef
  readonly adapters?: readonly AdapterRef[]
}

/** Weights in their files, and what changes them. */
export interface OpenedWeights {
  readonly denoiser?: CheckpointSource
  readonly texts: readonly OpenedText[]
  readonly derivation: Derivation | undefined
  readonly compute: ComputeWeight
}

/**
 * The weights a MODEL or CLIP stands for, in their files, and what changes them: to be saved.
 * @throws EngineError when a file is not there or of another family; CheckpointError when it is malformed
 */
export function openWeights(
  { checkpoint, companion, adapters = [] }: WeightsRef,
  known: KnownFiles,
  { derived, session }: { readonly derived: DerivedModels; readonly session: SessionOptions },
): OpenedWeights {
  const files = [checkpoint, ...(companion ? [companion] : [])].map((ref) => known.resolve(ref))
  const identity = files.map((file) => file.identity).join(' with ')
  const set = { flavour: 'comfy', refs: adapters } as const
  const derivation =
    adapters.length === 0 ? undefined : derived.find(openParts(files), identity, set).derivation
  const compute: ComputeWeight = (file, name) => computeWeight(file, name, session)
  if (checkpoint.kind === ModelKind.MODEL_KIND_TEXT_ENCODER)
    return { texts: openTextFiles(files.map(({ path }) => path)), derivation, compute }
  const source = openCheckpoint(files[0]!.path)
  const texts = source.detected.textEncoders.map((config) => ({ file: source.file, config }))
  return { denoiser: source, texts, derivation, compute }
}

/**
 * The autoencoder's weights of a file of its own or of a checkpoint, in their file.
 * @throws EngineError when the file is not there or has none; CheckpointError when it is malformed
 */
export function openVaeWeights(ref: ModelRef, known: KnownFiles): ReturnType<typeof openVaeFile> {
  const { path } = known.resolve(ref)
  if (ref.kind === ModelKind.MODEL_KIND_VAE) return openVaeFile(path)
  const { file, detected } = openCheckpoint(path)
  if (detected.vae !== undefined) return { file, config: detected.vae }
  throw new EngineError('unusable-model', 'the checkpoint has no VAE')
}
