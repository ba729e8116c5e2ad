import type { DetectedModel } from '../checkpoint/detect-model.ts'
import { openVaeFile } from '../checkpoint/separate-files.ts'
import { countF32Bytes, type WeightFile } from '../checkpoint/weight-file.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { openModelSampling } from '../denoise/model-sampling.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import { countPrefixBytes, openCheckpoint, type CheckpointSource } from './checkpoint-source.ts'
import { latentFormatOf } from './latent-format.ts'
import { loadDenoiser } from './load-denoiser.ts'
import type { ContextProjection, LoadedModel, LoadedVae } from './loaded-model.ts'
import { prepareTextEncoder } from './prepare-text-encoder.ts'
import { prepareVae } from './prepare-vae.ts'
import type { Loaded } from './loaded.ts'

/** A checkpoint with its own autoencoder, where it has one. */
export interface LoadedCheckpoint {
  readonly model: LoadedModel
  readonly vae?: LoadedVae
}

/**
 * Opens a checkpoint: reads its header, recognises it, and prepares its networks; each session is made at its first use.
 * @throws CheckpointError when the file is malformed or of an unknown kind
 */
export function loadCheckpoint(
  path: string,
  identity: string,
  options: SessionOptions,
): Loaded<LoadedCheckpoint> {
  const { value, costBytes, release } = loadBase(path, identity, options)
  const denoiser = loadDenoiser(value.source, options)
  return {
    value: { ...value, model: { ...value.model, predict: denoiser.value } },
    get costBytes() {
      return costBytes + denoiser.costBytes
    },
    release: async () => {
      await denoiser.release()
      await release()
    },
  }
}

/** A checkpoint without its denoiser, which may be there several times, with different changes. */
export interface CheckpointBase {
  readonly source: CheckpointSource
  readonly model: Omit<LoadedModel, 'predict'>
  readonly vae?: LoadedVae
}

/**
 * Opens all of a checkpoint but its denoiser.
 * @throws CheckpointError when the file is malformed or of an unknown kind
 */
export function loadBase(path: string, identity: string, options: SessionOptions): Loaded<CheckpointBase> {
  const source = openCheckpoint(path)
  const { file, detected } = source
  const sessions = new LazySessions(options)
  const model = prepareModel(file, detected, { identity, sessions })
  const vae = detected.vae && prepareVae(file, detected.vae, sessions)
  return {
    value: vae === undefined ? { source, model } : { source, model, vae },
    costBytes: countF32Bytes(file) - countPrefixBytes(file, detected.unet.prefix),
    trim: (before) => sessions.trim(before),
    release: () => sessions.release(),
  }
}

/**
 * Opens a separate autoencoder file, with or without the prefix it has inside checkpoints.
 * @throws CheckpointError when it holds none
 */
export function loadVaeFile(path: string, options: SessionOptions): Loaded<LoadedVae> {
  const { file, config } = openVaeFile(path)
  const sessions = new LazySessions(options)
  return {
    value: prepareVae(file, config, sessions),
    costBytes: countF32Bytes(file),
    trim: (before) => sessions.trim(before),
    release: () => sessions.release(),
  }
}

function prepareModel(
  file: WeightFile,
  detected: DetectedModel,
  { identity, sessions }: { identity: string; sessions: LazySessions },
): Omit<LoadedModel, 'predict'> {
  const { family, unet, prediction, schedule, textEncoders } = detected
  return {
    identity,
    family,
    inChannels: unet.inChannels,
    layout: unet,
    labelWidth: unet.labelWidth,
    contextWidth: unet.contextWidth,
    prediction,
    sampling: openModelSampling(schedule),
    latents: file.declared?.latents ?? latentFormatOf(family, prediction),
    ...(file.declared?.scheduler && { scheduler: file.declared.scheduler }),
    contextProjection: readContextProjection(file),
    textEncoders: textEncoders.map((config) => prepareTextEncoder(file, config, sessions)),
  }
}

/** A small layer of Stable Zero123 (Liu et al. 2023, arXiv 2303.11328), which stands outside the UNet. */
function readContextProjection(file: WeightFile): ContextProjection | undefined {
  if (!file.tensors.has('cc_projection.weight')) return undefined
  return { weight: readTensor(file, 'cc_projection.weight'), bias: readTensor(file, 'cc_projection.bias') }
}
