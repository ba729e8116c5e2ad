import { CheckpointError } from './checkpoint-error.ts'
import type { HeadRule, WeightFile } from './weight-file.ts'

/** One level of the UNet: its width, and the transformer depth of each residual block. */
export interface UnetLevel {
  readonly channels: number
  readonly depths: readonly number[]
}

/** What the UNet's tensors say about its structure. */
export interface UnetConfig {
  readonly prefix: string
  readonly inChannels: number
  readonly outChannels: number
  readonly modelChannels: number
  readonly levels: readonly UnetLevel[]
  /** Transformer depth of each output block, in order. */
  readonly outputDepths: readonly number[]
  readonly middleDepth: number
  readonly contextWidth: number
  /** Linear projections around transformers (SD2, SDXL) instead of 1x1 convolutions (SD1). */
  readonly hasLinearProjections: boolean
  readonly heads: HeadRule
  /** Width of the label vector; 0: none. */
  readonly labelWidth: number
}

/** What says which attentions a UNet has. */
export type UnetLayout = Pick<UnetConfig, 'levels' | 'outputDepths' | 'middleDepth'>

/** Heads where projections are convolutions (SD1), and the size of a head where they are linear (SD2, SDXL). */
const HEADS = { convolutional: { count: 8 }, linear: { size: 64 } }

const FIRST = 'input_blocks.0.0.weight'
/** Where the UNet stands in checkpoints, and in a file of its own. */
const UNET_PREFIXES = ['model.diffusion_model.', ''] as const

/** What stands before the UNet's tensor names in a file, or undefined when it holds none (LDM names). */
export function findUnetPrefix(file: WeightFile): string | undefined {
  return UNET_PREFIXES.find((prefix) => file.tensors.has(prefix + FIRST))
}

/**
 * Reads the UNet's structure off its tensors (LDM names).
 * @throws CheckpointError `unknown-structure` naming a tensor that is missing
 */
export function detectUnet(file: WeightFile, prefix: string): UnetConfig {
  const shape = (name: string) => file.tensors.get(prefix + name)?.shape
  const first = shape(FIRST)
  if (first === undefined)
    throw new CheckpointError('unknown-structure', file.path, `it has no tensor "${prefix}${FIRST}"`)
  const levels = detectLevels(file, prefix)
  const outputDepths = levels
    .flatMap(({ depths }) => [...depths, 0])
    .map((_, index) => countDepth(file, `${prefix}output_blocks.${index}.1.`))
  const isProjection = (name: string) => name.startsWith(prefix) && name.endsWith('.proj_in.weight')
  const projection = [...file.tensors].find(([name]) => isProjection(name))?.[1].shape
  const isContext = (name: string) => name.startsWith(prefix) && name.endsWith('attn2.to_k.weight')
  return {
    prefix,
    inChannels: first[1]!,
    // A ControlNet is the first half of a UNet and has no output.
    outChannels: shape('out.2.weight')?.[0] ?? first[1]!,
    modelChannels: first[0]!,
    levels,
    outputDepths,
    middleDepth: countDepth(file, `${prefix}middle_block.1.`),
    contextWidth: [...file.tensors].find(([name]) => isContext(name))?.[1].shape[1] ?? 0,
    hasLinearProjections: projection?.length === 2,
    heads: file.declared?.heads ?? (projection?.length === 2 ? HEADS.linear : HEADS.convolutional),
    labelWidth: shape('label_emb.0.0.weight')?.[1] ?? 0,
  }
}

function detectLevels(file: WeightFile, prefix: string): readonly UnetLevel[] {
  const levels: { channels: number; depths: number[] }[] = [{ channels: 0, depths: [] }]
  for (let block = 1; ; block += 1) {
    const name = `${prefix}input_blocks.${block}`
    const output = file.tensors.get(`${name}.0.out_layers.3.weight`)?.shape
    if (output !== undefined) {
      const level = levels.at(-1)!
      level.channels = output[0]!
      level.depths.push(countDepth(file, `${name}.1.`))
    } else if (file.tensors.has(`${name}.0.op.weight`)) levels.push({ channels: 0, depths: [] })
    else return levels
  }
}

function countDepth(file: WeightFile, prefix: string): number {
  let depth = 0
  while (file.tensors.has(`${prefix}transformer_blocks.${depth}.norm1.weight`)) depth += 1
  return depth
}
