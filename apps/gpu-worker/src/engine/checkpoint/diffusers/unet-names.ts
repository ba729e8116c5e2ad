/** Names of whole modules that stand alone. */
const MODULES: readonly (readonly [from: string, to: string])[] = [
  ['conv_in.', 'input_blocks.0.0.'],
  ['time_embedding.linear_1.', 'time_embed.0.'],
  ['time_embedding.linear_2.', 'time_embed.2.'],
  ['add_embedding.linear_1.', 'label_emb.0.0.'],
  ['add_embedding.linear_2.', 'label_emb.0.2.'],
  ['class_embedding.linear_1.', 'label_emb.0.0.'],
  ['class_embedding.linear_2.', 'label_emb.0.2.'],
  ['mid_block.attentions.0.', 'middle_block.1.'],
  ['mid_block.resnets.0.', 'middle_block.0.'],
  ['mid_block.resnets.1.', 'middle_block.2.'],
  ['conv_norm_out.', 'out.0.'],
  ['conv_out.', 'out.2.'],
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

const UP_OR_DOWN =
  /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(?:conv\.)?(.*)$/

/** How many blocks a level has in the original layout's numbering, and which levels up have transformers. */
export interface UnetLayout {
  /** Residual blocks of a level on the way down, and its downsampler. */
  readonly blocksPerLevel: number
  readonly attendedUpLevels: ReadonlySet<number>
}

/** Reads the layout off the names a Diffusers UNet has. */
export function detectUnetLayout(names: ReadonlyMap<string, unknown>): UnetLayout {
  let residuals = 0
  while (names.has(`down_blocks.0.resnets.${residuals}.norm1.weight`)) residuals += 1
  const attended = [...names.keys()].flatMap(
    (name) => /^up_blocks\.(\d+)\.attentions\./.exec(name)?.[1] ?? [],
  )
  return { blocksPerLevel: residuals + 1, attendedUpLevels: new Set(attended.map(Number)) }
}

/**
 * The original layout's name of a tensor of a Diffusers UNet (reference: tables of the conversion in both directions in
 * Diffusers' single-file loader). Other names come back as they are.
 */
export function toLdmUnetName(name: string, layout: UnetLayout): string {
  const module = MODULES.find(([from]) => name.startsWith(from))
  const renamed = module === undefined ? renameBlock(name, layout) : module[1] + name.slice(module[0].length)
  return renameResidual(renamed)
}

function renameBlock(name: string, { blocksPerLevel, attendedUpLevels }: UnetLayout): string {
  const [, way, levelText, part, index, rest] = UP_OR_DOWN.exec(name) ?? []
  if (part === undefined) return name
  const level = Number(levelText)
  const isDown = way === 'down'
  const half = isDown ? 'input_blocks' : 'output_blocks'
  const first = level * blocksPerLevel + (isDown ? 1 : 0)
  if (part === 'downsamplers') return `${half}.${first + blocksPerLevel - 1}.0.op.${rest}`
  // The upsampler stands behind the transformer of a level's last block, where that has one.
  if (part === 'upsamplers')
    return `${half}.${first + blocksPerLevel - 1}.${attendedUpLevels.has(level) ? 2 : 1}.conv.${rest}`
  return `${half}.${first + Number(index)}.${part === 'resnets' ? 0 : 1}.${rest}`
}

function renameResidual(name: string): string {
  const [, block, part, leaf] = /^((?:input|middle|output)_block.*?)\.(\w+)\.(weight|bias)$/.exec(name) ?? []
  const renamed = part === undefined ? undefined : RESIDUAL_PARTS[part]
  // Transformers have a "norm1" too, deeper down.
  if (renamed === undefined || block!.includes('transformer_blocks')) return name
  return `${block}.${renamed}.${leaf}`
}
