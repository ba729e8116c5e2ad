import { isTinyVae } from '@atelier/catalog'
import { ModelKind, type ModelRef } from '@atelier/proto'
import type { F8Type } from '../adapters/round-weight.ts'
import { EngineError } from '../engine-error.ts'
import { PIXEL_SPACE } from '../models/pixel-space.ts'
import type {
  ClipValue,
  ModelValue,
  NodeAnswer,
  NodeExecution,
  VaeValue,
} from '../node-graph/node-context.ts'
import { findModelFile } from './find-file.ts'

/** Types of CLIP loaders whose encoders we have. */
const CLIP_TYPE = 'stable_diffusion'
const DUAL_CLIP_TYPE = 'sdxl'
/** ComfyUI's configurations that stop at the layer before the last. */
const EARLIER_LAYER = /clip_skip_2/

/** A CheckpointLoader: the configuration adds only where to stop in the text encoder; content says the rest. */
const checkpointLoader: NodeExecution = async (inputs, { models }) => {
  const checkpoint = findModelFile(models, ModelKind.MODEL_KIND_CHECKPOINT, inputs.text('ckpt_name'))
  const stop = EARLIER_LAYER.test(inputs.text('config_name')) ? { stopAtLayer: -2 } : {}
  return { outputs: [{ checkpoint }, { checkpoint, ...stop }, { checkpoint }] satisfies Whole }
}

/** A DiffusersLoader. */
const diffusersLoader: NodeExecution = async (inputs, { models }) => {
  const checkpoint = findModelFile(models, ModelKind.MODEL_KIND_DIFFUSERS_FOLDER, inputs.text('model_path'))
  return { outputs: [{ checkpoint }, { checkpoint }, { checkpoint }] satisfies Whole }
}

/** Eight-bit types of a UNETLoader; the fast one says how a card multiplies, which changes no weight. */
const WEIGHT_TYPES: Readonly<Record<string, F8Type>> = {
  fp8_e4m3fn: 'f8_e4m3fn',
  fp8_e4m3fn_fast: 'f8_e4m3fn',
  fp8_e5m2: 'f8_e5m2',
}

/** A UNETLoader; weights keep the precision they have, or are rounded to eight bits. */
const unetLoader: NodeExecution = async (inputs, { models }) => {
  const checkpoint = findModelFile(models, ModelKind.MODEL_KIND_DENOISER, inputs.text('unet_name'))
  const rounding = WEIGHT_TYPES[inputs.text('weight_dtype')]
  return { outputs: [{ checkpoint, ...(rounding && { rounding }) } satisfies ModelValue] }
}

/** A CLIPLoader: which encoder a file holds, its content says. */
const clipLoader: NodeExecution = async (inputs, { models }) => {
  checkType(inputs.text('type'), CLIP_TYPE)
  const checkpoint = findModelFile(models, ModelKind.MODEL_KIND_TEXT_ENCODER, inputs.text('clip_name'))
  return { outputs: [{ checkpoint } satisfies ClipValue] }
}

/** A DualCLIPLoader: SDXL's two encoders, in either order. */
const dualClipLoader: NodeExecution = async (inputs, { models }) => {
  checkType(inputs.text('type'), DUAL_CLIP_TYPE)
  const [checkpoint, companion] = ['clip_name1', 'clip_name2'].map((input) =>
    findModelFile(models, ModelKind.MODEL_KIND_TEXT_ENCODER, inputs.text(input)),
  )
  return { outputs: [{ checkpoint: checkpoint!, companion: companion! } satisfies ClipValue] }
}

/** A VAELoader: an autoencoder's file, a tiny one by the beginning of its files' names, or none at all. */
const vaeLoader: NodeExecution = async (inputs, { models }) => {
  const name = inputs.text('vae_name')
  if (isTinyVae(name)) {
    // Says at once which of its files is not there.
    ;(await models.useTinyVae(name)).done()
    return toVae({ kind: ModelKind.MODEL_KIND_TINY_VAE, name, identity: '' })
  }
  return name === PIXEL_SPACE
    ? toVae({ kind: ModelKind.MODEL_KIND_VAE, name, identity: '' })
    : toVae(findModelFile(models, ModelKind.MODEL_KIND_VAE, name))
}

function toVae(checkpoint: ModelRef): NodeAnswer {
  return { outputs: [{ checkpoint } satisfies VaeValue] }
}

/** Nodes that load models or parts of them, by class. */
export const loaderNodes: Readonly<Record<string, NodeExecution>> = {
  CheckpointLoader: checkpointLoader,
  DiffusersLoader: diffusersLoader,
  UNETLoader: unetLoader,
  CLIPLoader: clipLoader,
  DualCLIPLoader: dualClipLoader,
  VAELoader: vaeLoader,
}

type Whole = [ModelValue, ClipValue, VaeValue]

function checkType(type: string, known: string): void {
  if (type === known) return
  const message = `text encoders of the type ${type} belong to models that are not supported; known is ${known}`
  throw new EngineError('invalid-request', message, { exceptionType: 'ValueError' })
}
