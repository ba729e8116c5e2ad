/** Names below "encoder." and "decoder.", and of the attention there; the second of a pair is the original layout's. */
const PARTS: readonly (readonly [from: RegExp, to: string])[] = [
  [/\.conv_norm_out\./, '.norm_out.'],
  [/\.mid_block\.resnets\.0\./, '.mid.block_1.'],
  [/\.mid_block\.resnets\.1\./, '.mid.block_2.'],
  [/\.mid_block\.attentions\.0\.group_norm\./, '.mid.attn_1.norm.'],
  [/\.mid_block\.attentions\.0\.(?:to_q|query)\./, '.mid.attn_1.q.'],
  [/\.mid_block\.attentions\.0\.(?:to_k|key)\./, '.mid.attn_1.k.'],
  [/\.mid_block\.attentions\.0\.(?:to_v|value)\./, '.mid.attn_1.v.'],
  [/\.mid_block\.attentions\.0\.(?:to_out\.0|proj_attn)\./, '.mid.attn_1.proj_out.'],
  [/\.conv_shortcut\./, '.nin_shortcut.'],
]
const BLOCK = /^(encoder\.down|decoder\.up)_blocks\.(\d+)\.(resnets|downsamplers|upsamplers)\.(\d+)\./

/** Levels of a Diffusers autoencoder, by the names it has. */
export function countVaeLevels(names: ReadonlyMap<string, unknown>): number {
  let levels = 0
  while (names.has(`decoder.up_blocks.${levels}.resnets.0.norm1.weight`)) levels += 1
  return levels
}

/** The original layout's name of a tensor of a Diffusers autoencoder; other names come back as they are. */
export function toLdmVaeName(name: string, levels: number): string {
  const renamed = PARTS.reduce((text, [from, to]) => text.replace(from, to), name)
  return renamed.replace(BLOCK, (...found: string[]) => {
    const [, half, level, part, index] = found
    // Levels of the decoder are numbered from the coarsest in Diffusers, from the finest in the original.
    const own = half === 'decoder.up' ? levels - 1 - Number(level) : Number(level)
    if (part === 'resnets') return `${half}.${own}.block.${index}.`
    return `${half}.${own}.${part === 'downsamplers' ? 'downsample' : 'upsample'}.`
  })
}
