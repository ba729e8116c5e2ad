import type { ModelFamily } from '@atelier/catalog'
import { withChanges, type Derivation } from '../adapters/derive-weights.ts'
import type { AdapterPart } from '../adapters/adapter-targets.ts'
import { encodeValues, isFloatDtype } from '../checkpoint/encode-values.ts'
import { openTextWeights } from '../checkpoint/text-names.ts'
import { readTensorBytes, type TensorEntry, type WeightFile } from '../checkpoint/weight-file.ts'
import type { PlannedTensor } from '../checkpoint/write-weight-file.ts'
import type { ChangedWeights } from '../onnx/graph-builder.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { OpenedText } from './load-text-encoders.ts'

/** A tensor to be saved; its bytes are made when they are needed. */
export type SavedTensor = Omit<PlannedTensor, 'read'> & { readonly read: () => Promise<Uint8Array> }

/** Computes a weight with its changes, as f32. */
export type ComputeWeight = (file: ChangedWeights, name: string) => Promise<Tensor>

/** Weights of a part of a model, and what changes them. */
interface Part {
  readonly file: WeightFile
  readonly key: AdapterPart
  readonly derivation: Derivation | undefined
  readonly compute: ComputeWeight
}

/** A denoiser's tensors under the names they have in checkpoints, changes made, in the types of their file. */
export function listDenoiser(part: Omit<Part, 'key'>, prefix: string): SavedTensor[] {
  return [...part.file.tensors].flatMap(([name, entry]) =>
    name.startsWith(prefix)
      ? [plan({ ...part, key: 'denoiser' }, entry, { from: name, to: DENOISER + name.slice(prefix.length) })]
      : [],
  )
}

const DENOISER = 'model.diffusion_model.'

/** An autoencoder's tensors below a prefix of the file, under another. */
export function listVae(file: WeightFile, from: string, to: string): SavedTensor[] {
  return [...file.tensors].flatMap(([name, { dtype, shape, ...entry }]) =>
    name.startsWith(from)
      ? [
          {
            ...{ name: to + name.slice(from.length), dtype, shape },
            read: async () => readTensorBytes(file, { dtype, shape, ...entry }),
          },
        ]
      : [],
  )
}

/** Where each family's encoders stand in checkpoints, in the order of their encoders. */
const TEXT_PREFIXES: Readonly<Record<ModelFamily, readonly string[]>> = {
  sd1: ['cond_stage_model.transformer.text_model.'],
  sd2: ['cond_stage_model.model.'],
  sdxl: ['conditioner.embedders.0.transformer.text_model.', 'conditioner.embedders.1.model.'],
  'sdxl-refiner': ['conditioner.embedders.0.model.'],
}

/**
 * A text encoder's tensors in the layout of its own file, below the prefix that checkpoints of a family have for it;
 * joined projections are computed in their parts and joined again.
 */
export function listTextInPlace(
  { file, config }: OpenedText,
  changes: Pick<Part, 'derivation' | 'compute'>,
  { family, index }: { readonly family: ModelFamily; readonly index: number },
): SavedTensor[] {
  const prefix = TEXT_PREFIXES[family][index] ?? ''
  const opened = { ...changes, file: openTextWeights(file, config), key: config.key }
  return [...file.tensors].flatMap(([name, entry]) => {
    if (!name.startsWith(config.prefix)) return []
    const parts = [...openTextWeights({ ...file, tensors: new Map([[name, entry]]) }, config).tensors.keys()]
    const isChanged = parts.some((part) => changesOf(opened, part) !== undefined)
    const to = prefix + name.slice(config.prefix.length)
    if (!isChanged || !isFloatDtype(entry.dtype)) return [copy(file, entry, to)]
    const { dtype, shape } = entry
    const read = async () => {
      const computed: Uint8Array[] = []
      for (const part of parts) computed.push(encodeValues((await computePart(opened, part)).data, dtype))
      return Buffer.concat(computed)
    }
    return [{ name: to, dtype, shape, read }]
  })
}

/** A text encoder's tensors under the transformers library's names, as ComfyUI saves encoders by themselves. */
export function listTextAlone(
  { file, config }: OpenedText,
  changes: Pick<Part, 'derivation' | 'compute'>,
): SavedTensor[] {
  const opened = { ...changes, file: openTextWeights(file, config), key: config.key }
  return [...opened.file.tensors].map(([name, entry]) =>
    // OpenCLIP's projection is the transpose of the library's.
    name === 'text_projection' ? turn(opened, entry) : plan(opened, entry, { from: name, to: name }),
  )
}

function changesOf({ derivation, key }: Part, name: string) {
  return derivation?.changes.get(key)?.get(name)
}

function computePart(part: Part, name: string): Promise<Tensor> {
  const { file, derivation, key, compute } = part
  return compute(derivation === undefined ? file : withChanges(file, derivation, key), name)
}

function plan(part: Part, entry: TensorEntry, { from, to }: { readonly from: string; readonly to: string }) {
  const { dtype, shape } = entry
  if (changesOf(part, from) === undefined || !isFloatDtype(dtype)) return copy(part.file, entry, to)
  return {
    name: to,
    dtype,
    shape,
    read: async () => encodeValues((await computePart(part, from)).data, dtype),
  }
}

function copy(file: WeightFile, entry: TensorEntry, name: string): SavedTensor {
  const { dtype, shape } = entry
  return { name, dtype, shape, read: async () => readTensorBytes(file, entry) }
}

function turn(part: Part, { dtype, shape }: TensorEntry): SavedTensor {
  const [rows = 0, columns = 0] = shape
  const read = async () => {
    const { data } = await computePart(part, 'text_projection')
    const turned = Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!)
    return encodeValues(turned, isFloatDtype(dtype) ? dtype : 'F32')
  }
  const written = isFloatDtype(dtype) ? dtype : 'F32'
  return { name: 'text_projection.weight', dtype: written, shape: [columns, rows], read }
}
