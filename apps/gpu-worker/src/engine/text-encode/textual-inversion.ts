import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { TextEncoderKey } from './text-encoder.ts'

/** An embedding file that cannot be used, with the reason in words for its owner. */
export class EmbeddingError extends Error {
  override readonly name = 'EmbeddingError'
}

/**
 * The tensors of an embedding file by name. Names inside nested dictionaries and lists are joined with dots, as in
 * "string_to_param.*" (A1111's own files) or "0.<concept>" (lists of dictionaries).
 */
export type EmbeddingTensors = ReadonlyMap<string, Tensor>

/** An embedding's tensors, and the texts beside them (`step`, `sd_checkpoint`, … where A1111 made the file). */
export interface EmbeddingFile {
  readonly tensors: EmbeddingTensors
  readonly metadata: Readonly<Record<string, string>>
}

/** An embedding as A1111 takes it: the same number of rows for each encoder. */
export interface WebuiEmbedding {
  /** [rows, width] by encoder; a file that names no encoder fits whichever has its width. */
  readonly tables: ReadonlyMap<TextEncoderKey | 'any', Tensor>
  readonly vectorCount: number
  /** Widths added up: what A1111 compares with the model's and lists as `shape`. */
  readonly width: number
}

const parameterPrefix = 'string_to_param.'
const listItem = /^\d+\./
const bundlePrefix = 'bundle_emb.'

function toRows(tensor: Tensor): Tensor {
  const width = tensor.shape.at(-1) ?? 0
  if (width === 0) throw new EmbeddingError('its vectors are empty')
  return createTensor([tensor.data.length / width, width], tensor.data)
}

function stackRows(tensors: readonly Tensor[]): Tensor | undefined {
  const [first] = tensors
  if (first === undefined) return undefined
  const width = first.shape[1] ?? 0
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0))
  let offset = 0
  for (const tensor of tensors) {
    data.set(tensor.data, offset)
    offset += tensor.data.length
  }
  return createTensor([data.length / width, width], data)
}

function selectTensors(tensors: EmbeddingTensors, isWanted: (name: string) => boolean): Tensor[] {
  return [...tensors].filter(([name]) => isWanted(name)).map(([, tensor]) => toRows(tensor))
}

/**
 * Reads an embedding by A1111's rules: `string_to_param` with one entry, `clip_g` with `clip_l`, or a single tensor.
 * @throws EmbeddingError for anything else
 */
export function readWebuiEmbedding(tensors: EmbeddingTensors): WebuiEmbedding {
  const large = tensors.get('clip_g')
  const small = tensors.get('clip_l')
  const parameters = selectTensors(tensors, (name) => name.startsWith(parameterPrefix))
  if (parameters.length === 0 && large !== undefined && small !== undefined) {
    const tables = new Map([['clip_l', toRows(small)] as const, ['clip_g', toRows(large)] as const])
    const [rows = 0, width = 0] = tables.get('clip_g')?.shape ?? []
    if (tables.get('clip_l')?.shape[0] !== rows)
      throw new EmbeddingError('clip_l and clip_g hold different numbers of vectors')
    return { tables, vectorCount: rows, width: width + (tables.get('clip_l')?.shape[1] ?? 0) }
  }
  const candidates = parameters.length > 0 ? parameters : selectTensors(tensors, () => true)
  const [table] = candidates
  if (table === undefined) throw new EmbeddingError('it holds no tensor')
  if (candidates.length > 1) throw new EmbeddingError('embedding file has multiple terms in it')
  return {
    tables: new Map([['any', table] as const]),
    vectorCount: table.shape[0] ?? 0,
    width: table.shape[1] ?? 0,
  }
}

/** Whether A1111 loads an embedding for a model whose encoders have these widths; others are listed as skipped. */
export function fitsModel({ width }: WebuiEmbedding, encoderWidths: readonly number[]): boolean {
  return width === encoderWidths.reduce((sum, encoderWidth) => sum + encoderWidth, 0)
}

/** The vectors of an embedding for one encoder of a model it fits. */
export function getWebuiVectors({ tables }: WebuiEmbedding, key: TextEncoderKey): Tensor | undefined {
  return tables.get(key) ?? tables.get('any')
}

/**
 * The vectors ComfyUI takes from an embedding file for one encoder: `string_to_param`'s first, all fitting ones of a
 * list, the encoder's own key, a bundle, else the first tensor (which may have another width). Undefined for no tensor.
 */
export function readComfyVectors(
  tensors: EmbeddingTensors,
  key: TextEncoderKey,
  width: number,
): Tensor | undefined {
  const [parameter] = selectTensors(tensors, (name) => name.startsWith(parameterPrefix))
  if (parameter !== undefined) return parameter
  const items = selectTensors(tensors, (name) => listItem.test(name))
  if (items.length > 0) return stackRows(items.filter(({ shape }) => shape[1] === width))
  const own = tensors.get(key)
  if (own !== undefined) return toRows(own)
  const isBundled = (suffix: string) => (name: string) =>
    name.startsWith(bundlePrefix) && name.endsWith(suffix)
  const bundled =
    stackRows(selectTensors(tensors, isBundled('.string_to_param.*'))) ??
    stackRows(selectTensors(tensors, isBundled(`.${key}`)))
  return bundled ?? selectTensors(tensors, () => true)[0]
}
