import type { TensorEntry, WeightFile } from '../../checkpoint/weight-file.ts'

/** A file under other tensor names; `rename` gives undefined for those that are left out. */
export function renameTensors(file: WeightFile, rename: (name: string) => string | undefined): WeightFile {
  const tensors = new Map<string, TensorEntry>()
  for (const [name, entry] of file.tensors) {
    const renamed = rename(name)
    if (renamed !== undefined) tensors.set(renamed, entry)
  }
  return { ...file, tensors }
}

/** A file without a prefix that some or all of its names have. */
export function stripPrefix(file: WeightFile, prefix: string): WeightFile {
  return renameTensors(file, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name))
}

/** A Diffusers ControlNet under the names of the original layout. */
export function renameDiffusersControl(file: WeightFile): WeightFile {
  let residuals = 0
  while (file.tensors.has(`down_blocks.0.resnets.${residuals}.norm1.weight`)) residuals += 1
  return renameTensors(file, (name) => renameTensor(name, residuals + 1))
}

/** Names of whole modules that stand alone. */
const MODULES: readonly (readonly [from: string, to: string])[] = [
  ['conv_in.', 'input_blocks.0.0.'],
  ['time_embedding.linear_1.', 'time_embed.0.'],
  ['time_embedding.linear_2.', 'time_embed.2.'],
  ['add_embedding.linear_1.', 'label_emb.0.0.'],
  ['add_embedding.linear_2.', 'label_emb.0.2.'],
  ['mid_block.attentions.0.', 'middle_block.1.'],
  ['mid_block.resnets.0.', 'middle_block.0.'],
  ['mid_block.resnets.1.', 'middle_block.2.'],
  ['controlnet_mid_block.', 'middle_block_out.0.'],
  ['controlnet_cond_embedding.conv_in.', 'input_hint_block.0.'],
  ['controlnet_cond_embedding.conv_out.', 'input_hint_block.14.'],
]

/** Names inside a residual block. */
const RESIDUAL_PARTS: Readonly<Record<string, string>> = {
  norm1: 'in_layers.0',
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  norm2: 'out_layers.0',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
}

function renameTensor(name: string, blocksPerLevel: number): string {
  return renameResidual(renameModule(name, blocksPerLevel))
}

function renameModule(name: string, blocksPerLevel: number): string {
  const module = MODULES.find(([from]) => name.startsWith(from))
  if (module !== undefined) return module[1] + name.slice(module[0].length)
  const [, residual, residualLeaf] = /^controlnet_down_blocks\.(\d+)\.(.*)$/.exec(name) ?? []
  if (residual !== undefined) return `zero_convs.${residual}.0.${residualLeaf}`
  const [, hint, hintLeaf] = /^controlnet_cond_embedding\.blocks\.(\d+)\.(.*)$/.exec(name) ?? []
  if (hint !== undefined) return `input_hint_block.${2 * (Number(hint) + 1)}.${hintLeaf}`
  return renameDownBlock(name, blocksPerLevel)
}

function renameDownBlock(name: string, blocksPerLevel: number): string {
  const [, level, part, index, rest] =
    /^down_blocks\.(\d+)\.(resnets|attentions|downsamplers)\.(\d+)\.(.*)$/.exec(name) ?? []
  if (part === 'downsamplers')
    return `input_blocks.${(Number(level) + 1) * blocksPerLevel}.0.op.${rest!.replace('conv.', '')}`
  if (part === undefined) return name
  const block = 1 + Number(level) * blocksPerLevel + Number(index)
  return `input_blocks.${block}.${part === 'resnets' ? 0 : 1}.${rest}`
}

function renameResidual(name: string): string {
  const [, block, part, leaf] = /^((?:input|middle)_block.*?)\.(\w+)\.(weight|bias)$/.exec(name) ?? []
  const renamed = part === undefined ? undefined : RESIDUAL_PARTS[part]
  // Transformers have a "norm1" too, deeper down.
  if (renamed === undefined || block!.includes('transformer_blocks')) return name
  return `${block}.${renamed}.${leaf}`
}
