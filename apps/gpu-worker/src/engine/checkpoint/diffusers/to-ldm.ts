import { renameTensors } from '../rename-tensors.ts'
import type { TensorEntry, WeightFile } from '../weight-file.ts'
import { detectUnetLayout, toLdmUnetName } from './unet-names.ts'
import { countVaeLevels, toLdmVaeName } from './vae-names.ts'

/** Whether a file's tensors are those of a UNet under Diffusers' names. */
export function isDiffusersUnet(file: WeightFile): boolean {
  return file.tensors.has('conv_in.weight') && file.tensors.has('time_embedding.linear_1.weight')
}

/** A UNet under Diffusers' names under those of the original layout, without a prefix. */
export function toLdmUnet(file: WeightFile): WeightFile {
  const layout = detectUnetLayout(file.tensors)
  return renameTensors(file, (name) => toLdmUnetName(name, layout))
}

/** Whether a file's tensors are those of an autoencoder under Diffusers' names. */
export function isDiffusersVae(file: WeightFile): boolean {
  return file.tensors.has('decoder.up_blocks.0.resnets.0.norm1.weight')
}

/** An autoencoder under Diffusers' names under those of the original layout, without a prefix. */
export function toLdmVae(file: WeightFile): WeightFile {
  const levels = countVaeLevels(file.tensors)
  const renamed = renameTensors(file, (name) => toLdmVaeName(name, levels))
  const tensors = new Map([...renamed.tensors].map(([name, entry]) => [name, widenAttention(name, entry)]))
  return { ...renamed, tensors }
}

/** Diffusers' attention is linear, the original's made of 1x1 convolutions: the same bytes. */
function widenAttention(name: string, entry: TensorEntry): TensorEntry {
  const isLinear = /\.attn_1\.(q|k|v|proj_out)\.weight$/.test(name) && entry.shape.length === 2
  if (!isLinear) return entry
  const strides = entry.strides && { strides: [...entry.strides, 1, 1] }
  return { ...entry, shape: [...entry.shape, 1, 1], ...strides }
}
