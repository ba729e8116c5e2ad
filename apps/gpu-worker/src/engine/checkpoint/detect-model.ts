import { CheckpointError } from './checkpoint-error.ts'
import type { WeightFile } from './safetensors.ts'

/** A family of models whose parts fit together. */
export type ModelFamily = 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner'

/** One level of the UNet: its width as a multiple of the first, and the transformer depth of each residual block. */
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
  /** Width of the label vector; 0: none. */
  readonly labelWidth: number
}

/** What the text encoder's tensors say about its structure. */
export interface TextEncoderConfig {
  readonly prefix: string
  readonly layout: 'transformers' | 'openclip'
  readonly width: number
  readonly layers: number
  readonly activation: 'quick-gelu' | 'gelu'
  readonly vocabulary: number
}

/** What the autoencoder's tensors say about its structure. */
export interface VaeConfig {
  readonly prefix: string
  readonly channels: number
  readonly latentChannels: number
  /** Levels, finest first: residual blocks of each in encoder and decoder. */
  readonly encoderBlocks: readonly number[]
  readonly decoderBlocks: readonly number[]
}

/** A recognised checkpoint. */
export interface DetectedModel {
  readonly family: ModelFamily
  readonly unet: UnetConfig
  readonly textEncoders: readonly TextEncoderConfig[]
  /** Absent in files that hold no autoencoder. */
  readonly vae?: VaeConfig
}

const UNET_PREFIX = 'model.diffusion_model.'
const VAE_PREFIX = 'first_stage_model.'
const TEXT_PREFIXES = ['cond_stage_model.transformer.text_model.', 'cond_stage_model.transformer.'] as const

/**
 * Recognises a checkpoint by its tensors' names and shapes, of any width and number of levels.
 * @throws CheckpointError `unknown-structure` naming what is missing
 */
export function detectModel(file: WeightFile): DetectedModel {
  const unknown = (reason: string) => new CheckpointError('unknown-structure', file.path, reason)
  if (!file.tensors.has(`${UNET_PREFIX}input_blocks.0.0.weight`)) {
    throw unknown(`it has no tensor "${UNET_PREFIX}input_blocks.0.0.weight": no Stable Diffusion checkpoint`)
  }
  const unet = detectUnet(file, UNET_PREFIX)
  if (unet.labelWidth > 0) throw unknown('it is an SDXL checkpoint, which is not supported yet')
  const text = TEXT_PREFIXES.map((prefix) => detectTransformersText(file, prefix)).find(
    (found) => found !== undefined,
  )
  if (text === undefined) {
    const isOpenClip = file.tensors.has('cond_stage_model.model.token_embedding.weight')
    throw unknown(
      isOpenClip ? 'it is an SD 2.x checkpoint, which is not supported yet' : 'it has no text encoder',
    )
  }
  if (text.width !== unet.contextWidth) {
    throw unknown(`its text encoder is ${text.width} wide, its UNet expects ${unet.contextWidth}`)
  }
  if (unet.inChannels !== 4)
    throw unknown(`its UNet takes ${unet.inChannels} channels; inpainting models are not supported yet`)
  const vae = detectVae(file, VAE_PREFIX)
  return { family: 'sd1', unet, textEncoders: [text], ...(vae === undefined ? {} : { vae }) }
}

/** Reads the UNet's structure off its tensors (LDM names). */
export function detectUnet(file: WeightFile, prefix: string): UnetConfig {
  const shape = (name: string) => file.tensors.get(prefix + name)?.shape
  const need = (name: string): readonly number[] => {
    const found = shape(name)
    if (found === undefined)
      throw new CheckpointError('unknown-structure', file.path, `it has no tensor "${prefix}${name}"`)
    return found
  }
  const first = need('input_blocks.0.0.weight')
  const levels: { channels: number; depths: number[] }[] = [{ channels: 0, depths: [] }]
  for (let block = 1; ; block += 1) {
    const output = shape(`input_blocks.${block}.0.out_layers.3.weight`)
    if (output !== undefined) {
      const level = levels.at(-1)!
      level.channels = output[0]!
      level.depths.push(countDepth(file, `${prefix}input_blocks.${block}.1.`))
    } else if (shape(`input_blocks.${block}.0.op.weight`) !== undefined)
      levels.push({ channels: 0, depths: [] })
    else break
  }
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
    labelWidth: shape('label_emb.0.0.weight')?.[1] ?? 0,
  }
}

function countDepth(file: WeightFile, prefix: string): number {
  let depth = 0
  while (file.tensors.has(`${prefix}transformer_blocks.${depth}.norm1.weight`)) depth += 1
  return depth
}

/** A text encoder in the layout of the transformers library (SD1's CLIP-L), or undefined. */
export function detectTransformersText(file: WeightFile, prefix: string): TextEncoderConfig | undefined {
  const tokens = file.tensors.get(`${prefix}embeddings.token_embedding.weight`)?.shape
  if (tokens === undefined) return undefined
  let layers = 0
  while (file.tensors.has(`${prefix}encoder.layers.${layers}.layer_norm1.weight`)) layers += 1
  return {
    prefix,
    layout: 'transformers',
    width: tokens[1]!,
    layers,
    activation: 'quick-gelu',
    vocabulary: tokens[0]!,
  }
}

/** An autoencoder in LDM names below a prefix, or undefined. */
export function detectVae(file: WeightFile, prefix: string): VaeConfig | undefined {
  const input = file.tensors.get(`${prefix}encoder.conv_in.weight`)?.shape
  const latent = file.tensors.get(`${prefix}decoder.conv_in.weight`)?.shape
  if (input === undefined || latent === undefined) return undefined
  const countBlocks = (part: string): number[] => {
    const counts: number[] = []
    for (let level = 0; file.tensors.has(`${prefix}${part}.${level}.block.0.norm1.weight`); level += 1) {
      let blocks = 0
      while (file.tensors.has(`${prefix}${part}.${level}.block.${blocks}.norm1.weight`)) blocks += 1
      counts.push(blocks)
    }
    return counts
  }
  return {
    prefix,
    channels: input[0]!,
    latentChannels: latent[1]!,
    encoderBlocks: countBlocks('encoder.down'),
    decoderBlocks: countBlocks('decoder.up'),
  }
}
