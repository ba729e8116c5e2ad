import type { ModelFamily } from '@atelier/catalog'
import { formatHeader } from '../checkpoint/write-weight-file.ts'
import { EngineError } from '../engine-error.ts'
import type { OpenedWeights } from '../models/open-weights.ts'
import {
  listDenoiser,
  listTextAlone,
  listTextInPlace,
  listVae,
  type SavedTensor,
} from '../models/saved-weights.ts'
import { DTYPE_BITS } from '../checkpoint/dtype.ts'
import { countElements } from '../tensor/tensor.ts'
import type { ClipValue, ModelValue, NodeContext, VaeValue } from '../node-graph/node-context.ts'
import type { NodeInputs } from '../node-graph/node-inputs.ts'
import { keepOutputFile } from './keep-output-file.ts'
import type { NodeTable } from './node-table.ts'

/** Bytes of one saved file: what one array holds on every system. */
const MAX_BYTES = 2 ** 31 - 1

/** Models, their text encoders and autoencoders as files. */
export const modelSavingNodes: NodeTable = {
  CheckpointSave: async (inputs, context) => {
    const { tensors, metadata, family } = openModel(inputs, context)
    const clip = openClip(inputs, context)
    const texts = clip.texts.flatMap((text, index) => listTextInPlace(text, clip, { family, index }))
    const vae = openVae(inputs, context, 'first_stage_model.')
    await save([...tensors, ...texts, ...vae], metadata, { inputs, context })
    return { outputs: [] }
  },
  ModelSave: async (inputs, context) => {
    const { tensors, metadata } = openModel(inputs, context)
    await save(tensors, metadata, { inputs, context })
    return { outputs: [] }
  },
  CLIPSave: async (inputs, context) => {
    const clip = openClip(inputs, context)
    const metadata = context.fileTexts().length === 0 ? {} : { format: 'pt' }
    for (const text of clip.texts)
      await save(listTextAlone(text, clip), metadata, { inputs, context, suffix: `_${text.config.key}` })
    return { outputs: [] }
  },
  VAESave: async (inputs, context) => {
    await save(openVae(inputs, context, ''), {}, { inputs, context })
    return { outputs: [] }
  },
}

interface OpenedModel {
  readonly tensors: readonly SavedTensor[]
  readonly metadata: Readonly<Record<string, string>>
  readonly family: ModelFamily
}

function openModel(inputs: NodeInputs, { models }: NodeContext): OpenedModel {
  const model = inputs.value<ModelValue>('model')
  const opened = models.openWeights(model)
  const { denoiser } = opened
  if (denoiser === undefined) throw new EngineError('unusable-model', 'the model has no denoiser to save')
  const { detected, file } = denoiser
  const prediction = model.patches?.prediction ?? detected.prediction
  return {
    tensors: [...listDenoiser({ ...opened, file }, detected.unet.prefix), ...markPrediction(prediction)],
    metadata: describe(detected.family, prediction),
    family: detected.family,
  }
}

/** Empty tensors by whose names a prediction of velocities is told. */
function markPrediction(prediction: string): SavedTensor[] {
  const names = prediction === 'v' ? ['v_pred'] : []
  return names.map((name) => ({ name, dtype: 'F32', shape: [0], read: async () => new Uint8Array(0) }))
}

const ARCHITECTURES: Partial<Record<ModelFamily, string>> = {
  sdxl: 'stable-diffusion-xl-v1-base',
  'sdxl-refiner': 'stable-diffusion-xl-v1-refiner',
}

function describe(family: ModelFamily, prediction: string): Record<string, string> {
  const architecture = ARCHITECTURES[family]
  const key = { epsilon: 'epsilon', v: 'v' }[prediction]
  return {
    ...(architecture && {
      'modelspec.architecture': architecture,
      'modelspec.sai_model_spec': '1.0.0',
      'modelspec.implementation': 'sgm',
    }),
    ...(key && { 'modelspec.predict_key': key }),
  }
}

function openClip(inputs: NodeInputs, { models }: NodeContext): OpenedWeights {
  const opened = models.openWeights(inputs.value<ClipValue>('clip'))
  if (opened.texts.length > 0) return opened
  throw new EngineError('unusable-model', 'the model has no text encoders to save')
}

function openVae(inputs: NodeInputs, { models }: NodeContext, prefix: string): SavedTensor[] {
  const { file, config } = models.openVae(inputs.value<VaeValue>('vae').checkpoint)
  return listVae(file, config.prefix, prefix)
}

/** Keeps tensors as a file of the output folder, with the texts that saved files have. */
async function save(
  tensors: readonly SavedTensor[],
  metadata: Readonly<Record<string, string>>,
  { inputs, context, suffix = '' }: { inputs: NodeInputs; context: NodeContext; suffix?: string },
): Promise<void> {
  const header = formatHeader(tensors, {
    ...metadata,
    ...Object.fromEntries(context.fileTexts().map(({ keyword, text }) => [keyword, text])),
  })
  const sizes = tensors.map(({ dtype, shape }) => (countElements(shape) * DTYPE_BITS[dtype]) / 8)
  const total = sizes.reduce((sum, size) => sum + size, header.length)
  if (total > MAX_BYTES) {
    const reason = `the file would have ${total} bytes, ${MAX_BYTES} are the limit`
    throw new EngineError('invalid-request', `${reason}; the command "atelier merge" writes larger ones`)
  }
  const bytes = new Uint8Array(total)
  bytes.set(header)
  let at = header.length
  for (const { read } of tensors) {
    const own = await read()
    bytes.set(own, at)
    at += own.length
  }
  await keepOutputFile(
    {
      ...{ bytes, extension: 'safetensors', mediaType: 'application/octet-stream' },
      ...{ prefix: inputs.text('filename_prefix') + suffix, size: { width: 0, height: 0 } },
    },
    context,
  )
}
