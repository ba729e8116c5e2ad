import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { ModelFile, ModelKind } from '@atelier/proto'
import { CheckpointError } from '../engine/checkpoint/checkpoint-error.ts'
import { detectModel } from '../engine/checkpoint/detect-model.ts'
import { detectVae } from '../engine/checkpoint/detect-vae.ts'
import { readSafetensors, type WeightFile } from '../engine/checkpoint/safetensors.ts'
import { compositionOf, detectControl } from '../engine/networks/control/detect-control.ts'
import { detectUpscaler } from '../engine/networks/upscalers/detect-upscaler.ts'
import type { FoundFile } from './list-files.ts'

/** Bytes of the file's start that go into its identity: the whole header of most files. */
const IDENTITY_BYTES = 64 * 1024
/** Metadata beyond this is left out, characters. */
const MAX_METADATA = 64 * 1024

/** Describes a model file by its header alone: identity, family, metadata, or why it cannot be used. */
export function describeFile(found: FoundFile): ModelFile {
  const base = ModelFile.fromPartial({ ...found, identity: identify(found) })
  if (!/\.(safetensors|sft)$/i.test(found.name)) {
    return { ...base, unusableReason: 'only .safetensors files can be used yet' }
  }
  try {
    const file = readSafetensors(found.path)
    return { ...base, ...examine(found.kind, file), metadata: limitMetadata(file.metadata) }
  } catch (error) {
    return { ...base, unusableReason: error instanceof CheckpointError ? error.reason : String(error) }
  }
}

function examine(kind: ModelKind, file: WeightFile): Partial<ModelFile> {
  switch (kind) {
    case ModelKind.MODEL_KIND_CHECKPOINT: {
      const { family, unet } = detectModel(file)
      return { family, embeddingWidth: unet.contextWidth, inputChannels: unet.inChannels }
    }
    case ModelKind.MODEL_KIND_VAE:
      return (detectVae(file, '') ?? detectVae(file, 'first_stage_model.'))
        ? {}
        : { unusableReason: 'it holds no autoencoder' }
    case ModelKind.MODEL_KIND_EMBEDDING: {
      const shape = [...file.tensors.values()][0]?.shape ?? []
      return { embeddingVectors: shape.length === 2 ? shape[0]! : 1, embeddingWidth: shape.at(-1) ?? 0 }
    }
    case ModelKind.MODEL_KIND_CONTROL_NET:
      // A Control-LoRA is recognised whole only beside its checkpoint.
      if (compositionOf(file) !== 'low-rank') detectControl(file)
      return {}
    case ModelKind.MODEL_KIND_UPSCALER:
      return { family: detectUpscaler(file).architecture.toLowerCase() }
    default:
      return {}
  }
}

function identify({ path, sizeBytes }: FoundFile): string {
  const hash = createHash('sha256').update(String(sizeBytes))
  const start = Buffer.alloc(Math.min(IDENTITY_BYTES, sizeBytes))
  try {
    const descriptor = openSync(path, 'r')
    readSync(descriptor, start, 0, start.length, 0)
    closeSync(descriptor)
  } catch {
    return ''
  }
  return hash.update(start).digest('hex')
}

function limitMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  let left = MAX_METADATA
  return Object.fromEntries(
    Object.entries(metadata).filter(([name, text]) => {
      left -= name.length + text.length
      return left >= 0
    }),
  )
}
