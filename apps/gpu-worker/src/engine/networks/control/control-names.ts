import { detectUnetLayout, toLdmUnetName } from '../../checkpoint/diffusers/unet-names.ts'
import { renameTensors } from '../../checkpoint/rename-tensors.ts'
import type { WeightFile } from '../../checkpoint/weight-file.ts'

/** Names of whole modules that a UNet has not. */
const MODULES: readonly (readonly [from: string, to: string])[] = [
  ['controlnet_mid_block.', 'middle_block_out.0.'],
  ['controlnet_cond_embedding.conv_in.', 'input_hint_block.0.'],
  ['controlnet_cond_embedding.conv_out.', 'input_hint_block.14.'],
]

/** A Diffusers ControlNet under the names of the original layout. */
export function renameDiffusersControl(file: WeightFile): WeightFile {
  const layout = detectUnetLayout(file.tensors)
  return renameTensors(file, (name) => renameControl(name) ?? toLdmUnetName(name, layout))
}

function renameControl(name: string): string | undefined {
  const module = MODULES.find(([from]) => name.startsWith(from))
  if (module !== undefined) return module[1] + name.slice(module[0].length)
  const [, residual, residualLeaf] = /^controlnet_down_blocks\.(\d+)\.(.*)$/.exec(name) ?? []
  if (residual !== undefined) return `zero_convs.${residual}.0.${residualLeaf}`
  const [, hint, hintLeaf] = /^controlnet_cond_embedding\.blocks\.(\d+)\.(.*)$/.exec(name) ?? []
  return hint === undefined ? undefined : `input_hint_block.${2 * (Number(hint) + 1)}.${hintLeaf}`
}
