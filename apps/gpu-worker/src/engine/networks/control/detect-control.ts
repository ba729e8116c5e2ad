import { CheckpointError } from '../../checkpoint/checkpoint-error.ts'
import { renameTensors, stripPrefix } from '../../checkpoint/rename-tensors.ts'
import { detectUnet, type UnetConfig } from '../../checkpoint/detect-unet.ts'
import type { WeightFile } from '../../checkpoint/weight-file.ts'
import { describeLowRank, type BaseWeights, type Composition } from './composed-weights.ts'
import { renameDiffusersControl } from './control-names.ts'

/** A ControlNet: the first half of a UNet with a hint. */
export interface ControlNetConfig {
  readonly kind: 'control-net'
  readonly composition: Composition
  readonly unet: UnetConfig
  readonly hintChannels: number
  /** Kinds of hints a union network tells apart; 0: not a union. */
  readonly unionTypes: number
}

/** A T2I-Adapter: features of a picture, made once. */
export interface AdapterConfig {
  readonly kind: 'adapter'
  readonly isLight: boolean
  /** Channels of the unshuffled hint: 64 (grey) or 192, for SDXL 256 or 768. */
  readonly inputs: number
  readonly unshuffle: number
  readonly hintChannels: 1 | 3
  readonly isXl: boolean
}

/** A recognised control file, its tensors under the original layout's names. */
export interface DetectedControl {
  readonly file: WeightFile
  readonly config: ControlNetConfig | AdapterConfig
}

/** Whether a file's weights need those of a UNet: Control-LoRA and files of differences. */
export function compositionOf(file: WeightFile): Composition {
  if (file.tensors.has('lora_controlnet')) return 'low-rank'
  return file.tensors.has('difference') ? 'difference' : 'whole'
}

/**
 * Recognises a ControlNet, Control-LoRA or T2I-Adapter by its tensors' names and shapes.
 * @throws CheckpointError `unknown-structure` naming what is missing
 */
export function detectControl(source: WeightFile, base?: BaseWeights): DetectedControl {
  const file = toOriginalNames(source)
  const composition = compositionOf(source)
  if (composition === 'low-rank') {
    if (base === undefined)
      throw new CheckpointError('unknown-structure', source.path, 'a Control-LoRA needs a checkpoint')
    return { file, config: toControlConfig(describeLowRank(file, base), composition) }
  }
  if (file.tensors.has('zero_convs.0.0.weight')) return { file, config: toControlConfig(file, composition) }
  const adapter = toAdapterConfig(file)
  if (adapter !== undefined) return { file, config: adapter }
  throw new CheckpointError(
    'unknown-structure',
    source.path,
    'it is no ControlNet, Control-LoRA or T2I-Adapter of a kind we know',
  )
}

function toOriginalNames(source: WeightFile): WeightFile {
  // Union networks come with torch's name of a joined projection.
  const file = renameTensors(source, (name) =>
    name.replace(/attn\.in_proj_(weight|bias)$/, 'attn.in_proj.$1'),
  )
  if (file.tensors.has('controlnet_cond_embedding.conv_in.weight')) return renameDiffusersControl(file)
  if (file.tensors.has('control_model.zero_convs.0.0.weight')) return stripPrefix(file, 'control_model.')
  if (file.tensors.has('adapter.body.0.resnets.0.block1.weight')) return renameDiffusersAdapter(file)
  return stripPrefix(file, 'adapter.')
}

function renameDiffusersAdapter(file: WeightFile): WeightFile {
  return renameTensors(file, (name) =>
    name
      .replace(
        /^adapter\.body\.(\d+)\.resnets\.(\d+)\./,
        (_, stage, block) => `body.${2 * Number(stage) + Number(block)}.`,
      )
      .replace(/^adapter\.body\.(\d+)\./, (_, stage) => `body.${2 * Number(stage)}.`)
      .replace(/^adapter\./, ''),
  )
}

function toControlConfig(file: WeightFile, composition: Composition): ControlNetConfig {
  const hint = file.tensors.get('input_hint_block.0.weight')?.shape
  if (hint === undefined)
    throw new CheckpointError('unknown-structure', file.path, 'it has no tensor "input_hint_block.0.weight"')
  return {
    kind: 'control-net',
    composition,
    unet: detectUnet(file, ''),
    hintChannels: hint[1]!,
    unionTypes: file.tensors.get('task_embedding')?.shape[0] ?? 0,
  }
}

function toAdapterConfig(file: WeightFile): AdapterConfig | undefined {
  const light = file.tensors.get('body.0.in_conv.weight')?.shape
  const full = file.tensors.get('conv_in.weight')?.shape
  const isFull = full !== undefined && file.tensors.has('body.0.block2.weight')
  const inputs = light?.[1] ?? (isFull ? full[1] : undefined)
  if (inputs === undefined) return undefined
  const isXl = inputs === 256 || inputs === 768
  const unshuffle = isXl ? 16 : 8
  const hintChannels = inputs / unshuffle ** 2
  if (hintChannels !== 1 && hintChannels !== 3) {
    throw new CheckpointError(
      'unknown-structure',
      file.path,
      `its adapter takes ${inputs} channels; known are 64, 192, 256 and 768`,
    )
  }
  return { kind: 'adapter', isLight: light !== undefined, inputs, unshuffle, hintChannels, isXl }
}
