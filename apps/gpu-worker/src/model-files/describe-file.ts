import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { isPreprocessorFile, toPreprocessorName } from '@atelier/catalog'
import { ModelFile, ModelKind } from '@atelier/proto'
import { CheckpointError } from '../engine/checkpoint/checkpoint-error.ts'
import { detectModel, type DetectedModel } from '../engine/checkpoint/detect-model.ts'
import { listParts, readDiffusersFolder } from '../engine/checkpoint/diffusers/read-folder.ts'
import { readUpTo, withOpenFile } from '../engine/checkpoint/read-bytes.ts'
import { readWeightFile } from '../engine/checkpoint/read-weight-file.ts'
import { openTextEncoderFile, openUnetFile, openVaeFile } from '../engine/checkpoint/separate-files.ts'
import { findSidecar, withSidecar } from '../engine/checkpoint/sidecar.ts'
import type { WeightFile } from '../engine/checkpoint/weight-file.ts'
import { compositionOf, detectControl } from '../engine/networks/control/detect-control.ts'
import { detectUpscaler } from '../engine/networks/upscalers/detect-upscaler.ts'
import { checkPreviewFile } from '../engine/preview/find-preview-file.ts'
import { readEmbeddingFile } from '../engine/text-encode/embedding-file.ts'
import { readWebuiEmbedding } from '../engine/text-encode/textual-inversion.ts'
import { identifyFile } from './identify-file.ts'
import type { FoundFile } from './list-files.ts'

/** The part of a file that A1111's old hash is made of, bytes, and how many hex digits are shown. */
const LEGACY_HASH = { at: 0x100000, length: 0x10000, digits: 8 }
/** Metadata beyond this is left out, characters. */
const MAX_METADATA = 64 * 1024

/** Describes a model file by its header and samples of its weights: identity, family, metadata, or why it cannot be used. */
export function describeFile(found: FoundFile): ModelFile {
  const base = ModelFile.fromPartial(found)
  try {
    if (found.kind === ModelKind.MODEL_KIND_DIFFUSERS_FOLDER) return { ...base, ...describeFolder(found) }
    if (found.kind === ModelKind.MODEL_KIND_EMBEDDING)
      return { ...base, identity: identifyFile(found), ...describeEmbedding(found.path) }
    if (found.kind === ModelKind.MODEL_KIND_PREPROCESSOR)
      return { ...base, identity: identifyFile(found), ...describePreprocessor(found) }
    const file = readWeightFile(found.path)
    const identity = identifyFile(found, file.tensors.values())
    return { ...base, identity, ...examine(found, file), metadata: limitMetadata(file.metadata) }
  } catch (error) {
    return { ...base, identity: identifyFile(found), unusableReason: toReason(error) }
  }
}

function examine({ kind, name }: FoundFile, file: WeightFile): Partial<ModelFile> {
  switch (kind) {
    case ModelKind.MODEL_KIND_CHECKPOINT:
      return { ...describeModel(detectModel(withSidecar(file))), configPath: findSidecar(file.path) ?? '' }
    case ModelKind.MODEL_KIND_DENOISER:
      return describeModel(openUnetFile(file.path).detected)
    case ModelKind.MODEL_KIND_VAE:
      openVaeFile(file.path)
      return {}
    case ModelKind.MODEL_KIND_TEXT_ENCODER:
      openTextEncoderFile(file.path)
      return {}
    case ModelKind.MODEL_KIND_CONTROL_NET:
      return { ...examineControl(file), legacyHash: hashLegacy(file.path) }
    case ModelKind.MODEL_KIND_TINY_VAE:
      checkPreviewFile(name, file)
      return {}
    case ModelKind.MODEL_KIND_UPSCALER:
      return { family: detectUpscaler(file).architecture.toLowerCase() }
    default:
      return {}
  }
}

function describeModel({ family, unet }: DetectedModel): Partial<ModelFile> {
  return { family, embeddingWidth: unet.contextWidth, inputChannels: unet.inChannels }
}

/** A pipeline's identity is that of its files; its size and age are theirs together. */
function describeFolder({ path }: FoundFile): Partial<ModelFile> {
  const file = readDiffusersFolder(path)
  const parts = listParts(file)
  const tensors = [...file.tensors.values()]
  const hash = createHash('sha256')
  for (const part of parts) {
    const own = tensors.filter((entry) => entry.path === part)
    hash.update(identifyFile({ path: part, sizeBytes: statSync(part).size }, own))
  }
  return {
    ...describeModel(detectModel(file)),
    sizeBytes: file.sizeBytes,
    identity: hash.digest('hex'),
    parts,
  }
}

/** Protobuf's mark of the field that ONNX files begin with: the version of their format. */
const ONNX_START = 0x08

/** What the file holds is seen when it is loaded; its name says what it is for. */
function describePreprocessor({ name, path }: FoundFile): Partial<ModelFile> {
  const module = toPreprocessorName(name)
  if (!isPreprocessorFile(module))
    throw new CheckpointError('unknown-structure', path, `no preprocessor ${module} is a network alone`)
  if (readPart(path, 0, 1)[0] !== ONNX_START)
    throw new CheckpointError('malformed', path, 'it is no ONNX file')
  return {}
}

function describeEmbedding(path: string): Partial<ModelFile> {
  const { tensors, metadata } = readEmbeddingFile(path)
  const { vectorCount, width } = readWebuiEmbedding(tensors)
  return { embeddingVectors: vectorCount, embeddingWidth: width, metadata: limitMetadata(metadata) }
}

function toReason(error: unknown): string {
  if (error instanceof CheckpointError) return error.reason
  return error instanceof Error ? error.message : String(error)
}

function examineControl(file: WeightFile): Partial<ModelFile> {
  // A Control-LoRA is recognised whole only beside its checkpoint.
  if (compositionOf(file) === 'low-rank') return {}
  const { config } = detectControl(file)
  if (config.kind === 'adapter') return { family: config.isXl ? 'sdxl' : 'sd1' }
  const { contextWidth, labelWidth } = config.unet
  return { family: labelWidth > 0 ? 'sdxl' : '', embeddingWidth: contextWidth }
}

/** A1111's old hash, which ControlNet's lists show. */
function hashLegacy(path: string): string {
  return createHash('sha256')
    .update(readPart(path, LEGACY_HASH.at, LEGACY_HASH.length))
    .digest('hex')
    .slice(0, LEGACY_HASH.digits)
}

/** Bytes of a file; fewer where it ends. */
function readPart(path: string, at: number, length: number): Buffer {
  return withOpenFile(path, (file) => readUpTo(file, at, length))
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
