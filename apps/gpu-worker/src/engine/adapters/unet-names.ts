import type { UnetConfig } from '../checkpoint/detect-unet.ts'

/** Diffusers' names of modules that stand alone. */
const MODULES: readonly (readonly [from: string, to: string])[] = [
  ['input_blocks.0.0', 'conv_in'],
  ['time_embed.0', 'time_embedding.linear_1'],
  ['time_embed.2', 'time_embedding.linear_2'],
  ['label_emb.0.0', 'add_embedding.linear_1'],
  ['label_emb.0.2', 'add_embedding.linear_2'],
  ['out.0', 'conv_norm_out'],
  ['out.2', 'conv_out'],
]

/** Diffusers' names inside a residual block. */
const RESIDUAL_PARTS: Readonly<Record<string, string>> = {
  'in_layers.0': 'norm1',
  'in_layers.2': 'conv1',
  'emb_layers.1': 'time_emb_proj',
  'out_layers.0': 'norm2',
  'out_layers.3': 'conv2',
  skip_connection: 'conv_shortcut',
}

/**
 * Diffusers' name of a UNet module named as in the original code (no prefix, no ".weight"): tables of
 * reference/diffusion-models.md 1.5. Undefined for modules Diffusers has not.
 */
export function toDiffusersName(module: string, { levels }: Pick<UnetConfig, 'levels'>): string | undefined {
  const alone = MODULES.find(([from]) => from === module)
  if (alone !== undefined) return alone[1]
  const [, half, block = '', index = '', rest] =
    /^(input_blocks|middle_block|output_blocks)\.(\d+)(?:\.(\d+))?\.(.*)$/.exec(module) ?? []
  if (half === undefined || rest === undefined) return undefined
  // A middle block has one number, and its module's name may begin with one.
  if (half === 'middle_block') return toMiddleName(Number(block), index === '' ? rest : `${index}.${rest}`)
  const place = { block: Number(block), index: Number(index), rest }
  return half === 'input_blocks' ? toDownName(place, levels) : toUpName(place, levels)
}

interface Place {
  readonly block: number
  readonly index: number
  readonly rest: string
}

function toMiddleName(block: number, rest: string): string | undefined {
  if (block === 1) return `mid_block.attentions.0.${rest}`
  return residual(`mid_block.resnets.${block / 2}`, rest)
}

function toDownName({ block, index, rest }: Place, levels: UnetConfig['levels']): string | undefined {
  let first = 1
  for (const [level, { depths }] of levels.entries()) {
    const at = block - first
    if (at < depths.length)
      return index === 0
        ? residual(`down_blocks.${level}.resnets.${at}`, rest)
        : `down_blocks.${level}.attentions.${at}.${rest}`
    if (at === depths.length) return rest === 'op' ? `down_blocks.${level}.downsamplers.0.conv` : undefined
    first += depths.length + 1
  }
  return undefined
}

function toUpName({ block, index, rest }: Place, levels: UnetConfig['levels']): string | undefined {
  // Coarsest level first, and one residual block more than on the way down.
  let first = 0
  for (const [up, { depths }] of [...levels].reverse().entries()) {
    const at = block - first
    if (at <= depths.length) {
      if (rest === 'conv') return `up_blocks.${up}.upsamplers.0.conv`
      return index === 0
        ? residual(`up_blocks.${up}.resnets.${at}`, rest)
        : `up_blocks.${up}.attentions.${at}.${rest}`
    }
    first += depths.length + 1
  }
  return undefined
}

function residual(block: string, rest: string): string | undefined {
  const part = RESIDUAL_PARTS[rest]
  return part === undefined ? undefined : `${block}.${part}`
}
