import type { TextEncoderConfig } from './detect-text.ts'
import { DTYPE_BITS } from './dtype.ts'
import type { TensorEntry, WeightFile } from './weight-file.ts'

/** Names of OpenCLIP's modules, and what the transformers library calls them. */
export type ModuleNames = readonly (readonly [from: RegExp, to: string])[]

/** Modules around the layers of a text encoder. */
const TEXT_MODULES: ModuleNames = [
  [/^token_embedding\./, 'embeddings.token_embedding.'],
  [/^positional_embedding$/, 'embeddings.position_embedding.weight'],
  [/^ln_final\./, 'final_layer_norm.'],
]
/** Modules of a layer that have one counterpart. */
const LAYER_MODULES: ModuleNames = [
  [/^transformer\.resblocks\.(\d+)\.ln_1\./, 'encoder.layers.$1.layer_norm1.'],
  [/^transformer\.resblocks\.(\d+)\.ln_2\./, 'encoder.layers.$1.layer_norm2.'],
  [/^transformer\.resblocks\.(\d+)\.attn\.out_proj\./, 'encoder.layers.$1.self_attn.out_proj.'],
  [/^transformer\.resblocks\.(\d+)\.mlp\.c_fc\./, 'encoder.layers.$1.mlp.fc1.'],
  [/^transformer\.resblocks\.(\d+)\.mlp\.c_proj\./, 'encoder.layers.$1.mlp.fc2.'],
]
const JOINED = /^transformer\.resblocks\.(\d+)\.attn\.in_proj_(weight|bias)$/

/**
 * A text encoder's tensors under the transformers library's names, `text_model.` before them, whatever the file's
 * layout: joined projections become three entries of the same bytes. The projection of pooled vectors is
 * `text_projection.weight` [projected, width], or `text_projection` [width, projected] in OpenCLIP's layout.
 */
export function openTextWeights(
  file: WeightFile,
  { prefix, layout }: Pick<TextEncoderConfig, 'prefix' | 'layout'>,
): WeightFile {
  const tensors = new Map<string, TensorEntry>()
  for (const [name, entry] of file.tensors) {
    if (!name.startsWith(prefix)) continue
    const own = name.slice(prefix.length)
    if (layout === 'openclip') {
      for (const [renamed, part] of toTransformersEntries(own, entry)) tensors.set(renamed, part)
    } else tensors.set(`text_model.${own}`, entry)
  }
  // In the library's layout the projection stands beside the model.
  const outer = prefix.replace(/text_model\.$/, '')
  const projection = layout === 'transformers' && file.tensors.get(`${outer}text_projection.weight`)
  if (projection) tensors.set('text_projection.weight', projection)
  return { ...file, tensors }
}

function toTransformersEntries(name: string, entry: TensorEntry): [string, TensorEntry][] {
  if (name === 'text_projection' || name === 'text_projection.weight') return [[name, entry]]
  return toEncoderEntries(name, entry, { root: 'text_model.', around: TEXT_MODULES })
}

/** A tensor of an OpenCLIP encoder under the transformers library's names, below a root; none where it has no counterpart. */
export function toEncoderEntries(
  name: string,
  entry: TensorEntry,
  { root, around }: { readonly root: string; readonly around: ModuleNames },
): [string, TensorEntry][] {
  const [, layer, kind] = JOINED.exec(name) ?? []
  if (layer !== undefined) {
    return ['q_proj', 'k_proj', 'v_proj'].map((part, index) => [
      `${root}encoder.layers.${layer}.self_attn.${part}.${kind}`,
      takeThird(entry, index),
    ])
  }
  const module = [...around, ...LAYER_MODULES].find(([from]) => from.test(name))
  return module === undefined ? [] : [[`${root}${name.replace(module[0], module[1])}`, entry]]
}

/** One third of a tensor's rows, where it lies. */
function takeThird(entry: TensorEntry, index: number): TensorEntry {
  const [rows = 0, ...rest] = entry.shape
  const third = [rows / 3, ...rest]
  const width = DTYPE_BITS[entry.dtype] / 8
  const byteLength = third.reduce((product, size) => product * size, 1) * width
  const step = entry.strides === undefined ? byteLength : (rows / 3) * entry.strides[0]! * width
  return { ...entry, shape: third, offset: entry.offset + index * step, byteLength }
}
