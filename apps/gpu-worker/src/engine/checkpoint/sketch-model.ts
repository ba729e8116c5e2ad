import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTensor } from '../tensor/tensor.ts'
import { readSafetensors } from './safetensors.ts'
import type { TensorEntry, WeightFile } from './weight-file.ts'
import { formatSafetensors } from './write-safetensors.ts'

/** Tensor shapes by name. Test code. */
export type Shapes = Readonly<Record<string, readonly number[]>>

/** A UNet in a few numbers, two residual blocks a level. */
export interface UnetSketch {
  readonly width: number
  readonly levels: readonly number[]
  /** Transformer depth of the residual blocks of each level. */
  readonly depths: readonly number[]
  readonly middle: number
  readonly context: number
  readonly inputs: number
  readonly isLinear: boolean
  /** Width of the label; absent: none. */
  readonly label?: number
}

/** The tensors of a UNet that tell its structure. */
export function nameUnet(sketch: UnetSketch, prefix = 'model.diffusion_model.'): Shapes {
  const { width, levels, depths, middle, context, inputs, isLinear, label } = sketch
  const shapes: Record<string, readonly number[]> = {
    [`${prefix}input_blocks.0.0.weight`]: [width, inputs, 3, 3],
    [`${prefix}out.2.weight`]: [4, width, 3, 3],
  }
  if (label !== undefined) shapes[`${prefix}label_emb.0.0.weight`] = [4 * width, label]
  const transformer = (name: string, channels: number, depth: number) => {
    if (depth > 0)
      shapes[`${name}.proj_in.weight`] = isLinear ? [channels, channels] : [channels, channels, 1, 1]
    for (let block = 0; block < depth; block += 1) {
      shapes[`${name}.transformer_blocks.${block}.norm1.weight`] = [channels]
      shapes[`${name}.transformer_blocks.${block}.attn2.to_k.weight`] = [channels, context]
    }
  }
  let [input, output] = [1, 0]
  levels.forEach((channels, level) => {
    for (let block = 0; block < 2; block += 1, input += 1) {
      shapes[`${prefix}input_blocks.${input}.0.out_layers.3.weight`] = [channels, channels, 3, 3]
      transformer(`${prefix}input_blocks.${input}.1`, channels, depths[level]!)
    }
    if (level === levels.length - 1) return
    shapes[`${prefix}input_blocks.${input}.0.op.weight`] = [channels, channels, 3, 3]
    input += 1
  })
  transformer(`${prefix}middle_block.1`, levels.at(-1)!, middle)
  for (const level of [...levels.keys()].reverse()) {
    for (let block = 0; block < 3; block += 1, output += 1)
      transformer(`${prefix}output_blocks.${output}.1`, levels[level]!, depths[level]!)
  }
  return shapes
}

/** An SDXL of two text encoders of those widths. */
export function nameSdxl(sketch: UnetSketch, [small, large]: readonly [number, number]): Shapes {
  const [l, g] = ['conditioner.embedders.0.transformer.text_model.', 'conditioner.embedders.1.model.']
  return {
    ...nameUnet(sketch),
    [`${l}embeddings.token_embedding.weight`]: [49408, small],
    [`${l}encoder.layers.0.layer_norm1.weight`]: [small],
    [`${g}token_embedding.weight`]: [49408, large],
    [`${g}transformer.resblocks.0.ln_1.weight`]: [large],
  }
}

/** A file of tensors that are only named, and of some that hold values. */
export function sketchFile(
  shapes: Shapes,
  values: Readonly<Record<string, readonly number[]>> = {},
): WeightFile {
  const path = join(mkdtempSync(join(tmpdir(), 'sketch-')), 'model.safetensors')
  const tensors = Object.entries(values).map(
    ([name, data]) => [name, createTensor([data.length], Float32Array.from(data))] as const,
  )
  writeFileSync(path, formatSafetensors(tensors, new Map()))
  const file = readSafetensors(path)
  const named = Object.entries(shapes).map(([name, shape]): [string, TensorEntry] => [
    name,
    { dtype: 'F16', shape, offset: 0, byteLength: 0 },
  ])
  return { ...file, tensors: new Map([...named, ...file.tensors]) }
}
