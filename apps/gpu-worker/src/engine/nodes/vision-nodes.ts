import { ModelKind, type ModelRef } from '@atelier/proto'
import { openVision } from '../checkpoint/detect-vision.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { scale } from '../denoise/combine.ts'
import { EngineError } from '../engine-error.ts'
import type { ModelStore } from '../models/model-store.ts'
import type {
  ClipValue,
  ConditioningValue,
  ModelValue,
  StyleModelValue,
  VaeValue,
  VisionValue,
} from '../node-graph/node-context.ts'
import { joinTokens } from '../text-encode/conditioning.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { VisionOutput } from '../vision/load-vision.ts'
import { preparePictures } from '../vision/prepare-picture.ts'
import { findModelFile } from './find-file.ts'
import type { NodeTable } from './node-table.ts'

/** Pictures as CLIP sees them, told to models in place of texts or beside them. */
export const visionNodes: NodeTable = {
  CLIPVisionLoader: async (inputs, { models }) => {
    const encoder = findModelFile(models, ModelKind.MODEL_KIND_CLIP_VISION, inputs.text('clip_name'))
    if (!holdsVision(models, encoder))
      throw new EngineError('unusable-model', `${encoder.name} holds no picture encoder of the CLIP kind`)
    return { outputs: [{ encoder } satisfies VisionValue] }
  },
  CLIPVisionEncode: async (inputs, { models }) => {
    const isCropped = inputs.text('crop') === 'center'
    const vision = inputs.value<VisionValue>('clip_vision')
    return { outputs: [await encodeVision(vision, inputs.value<Tensor>('image'), { isCropped, models })] }
  },
  unCLIPCheckpointLoader: async (inputs, { models }) => {
    const checkpoint = findModelFile(models, ModelKind.MODEL_KIND_CHECKPOINT, inputs.text('ckpt_name'))
    // Other checkpoints have no picture encoder, which shows where it is used.
    const vision = holdsVision(models, checkpoint) ? { encoder: checkpoint } : null
    return { outputs: [{ checkpoint }, { checkpoint }, { checkpoint }, vision] satisfies Whole }
  },
  ImageOnlyCheckpointLoader: async (inputs, { models }) => {
    const checkpoint = findModelFile(models, ModelKind.MODEL_KIND_CHECKPOINT, inputs.text('ckpt_name'))
    const vision = holdsVision(models, checkpoint) ? { encoder: checkpoint } : null
    return { outputs: [{ checkpoint }, vision, { checkpoint }] }
  },
  unCLIPConditioning: async (inputs) => {
    const conditioning = inputs.value<ConditioningValue>('conditioning')
    const strength = inputs.number('strength')
    if (strength === 0) return { outputs: [conditioning] }
    const { embeddings } = inputs.value<VisionOutput>('clip_vision_output')
    const pictures = { embeddings, strength, noise: inputs.number('noise_augmentation') }
    return { outputs: [conditioning.map((entry) => ({ ...entry, like: [...(entry.like ?? []), pictures] }))] }
  },
  StyleModelLoader: async (inputs, { models }) => {
    const style = findModelFile(models, ModelKind.MODEL_KIND_STYLE_MODEL, inputs.text('style_model_name'))
    ;(await models.useStyle(style)).done()
    return { outputs: [{ style } satisfies StyleModelValue] }
  },
  StyleModelApply: async (inputs, { models }) => {
    const { last } = inputs.value<VisionOutput>('clip_vision_output')
    const use = await models.useStyle(inputs.value<StyleModelValue>('style_model').style)
    try {
      checkWidth('the picture encoder', last, use.value.width)
      const described = await use.value.describe(last)
      // What a bias of attention would do, no Stable Diffusion model looks at.
      const strength = inputs.text('strength_type') === 'multiply' ? inputs.number('strength') : 1
      const tokens = scale(strength, described)
      const styled = inputs.value<ConditioningValue>('conditioning').map((entry) => {
        checkWidth('the prompt', entry.tokens, use.value.contextWidth)
        return { ...entry, tokens: joinTokens([entry.tokens, tokens]) }
      })
      return { outputs: [styled] }
    } finally {
      use.done()
    }
  },
}

/** What a picture encoder says of pictures [batch, height, width, 3 or more], 0 to 1. */
export async function encodeVision(
  { encoder }: VisionValue,
  pictures: Tensor,
  { isCropped, models }: { readonly isCropped: boolean; readonly models: ModelStore },
): Promise<VisionOutput> {
  const use = await models.useVision(encoder)
  try {
    return await use.value.encode(preparePictures(pictures, use.value.imageSize, isCropped))
  } finally {
    use.done()
  }
}

function checkWidth(what: string, { shape }: Tensor, width: number): void {
  if (shape[2] === width) return
  throw new EngineError('node-failed', `${what} is ${shape[2]} wide, the style model is for ${width}`)
}

type Whole = [ModelValue, ClipValue, VaeValue, VisionValue | null]

function holdsVision(models: ModelStore, ref: ModelRef): boolean {
  try {
    openVision(readWeightFile(models.resolve(ref).path))
    return true
  } catch (error) {
    if (error instanceof Error && error.name === 'CheckpointError') return false
    throw error
  }
}
