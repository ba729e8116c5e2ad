import type { TextEncoderKey } from '../text-encode/text-encoder.ts'
import type { WeightFile } from './weight-file.ts'

/** How a text encoder's tensors are named: as the transformers library or as OpenCLIP names them. */
export type TextLayout = 'transformers' | 'openclip'

/** What the text encoder's tensors say about its structure, and how its model uses it. */
export interface TextEncoderConfig {
  readonly key: TextEncoderKey
  readonly prefix: string
  readonly layout: TextLayout
  readonly width: number
  readonly layers: number
  readonly activation: 'quick-gelu' | 'gelu'
  /** Layer the model was trained with, counted from the end, and whether the final norm belongs to it. */
  readonly defaultLayer: number
  readonly finalNorm: boolean
}

/** How a family uses an encoder. */
export type TextUse = Pick<TextEncoderConfig, 'key' | 'defaultLayer' | 'finalNorm'>

/** Uses by family, in the order in which widths are joined (reference: the families' own configurations). */
export const TEXT_USES = {
  sd1: [{ key: 'clip_l', defaultLayer: 1, finalNorm: true }],
  sd2: [{ key: 'clip_h', defaultLayer: 2, finalNorm: true }],
  sdxl: [
    { key: 'clip_l', defaultLayer: 2, finalNorm: false },
    { key: 'clip_g', defaultLayer: 2, finalNorm: false },
  ],
  'sdxl-refiner': [{ key: 'clip_g', defaultLayer: 2, finalNorm: false }],
} as const satisfies Record<string, readonly TextUse[]>

/** Where encoders stand in checkpoints, by family, one list for each encoder. */
const TEXT_PREFIXES: Record<keyof typeof TEXT_USES, readonly (readonly string[])[]> = {
  // Old merges lack the "text_model." of the library's names.
  sd1: [['cond_stage_model.transformer.text_model.', 'cond_stage_model.transformer.']],
  sd2: [['cond_stage_model.model.', 'conditioner.embedders.0.model.']],
  sdxl: [
    ['conditioner.embedders.0.transformer.text_model.', 'conditioner.embedders.0.transformer.'],
    ['conditioner.embedders.1.model.'],
  ],
  'sdxl-refiner': [['conditioner.embedders.0.model.']],
}

/** The encoders a checkpoint of a family holds; those it lacks are left out. */
export function detectTextEncoders(
  file: WeightFile,
  family: keyof typeof TEXT_USES,
): readonly TextEncoderConfig[] {
  return TEXT_USES[family].flatMap((use, index) => {
    const found = TEXT_PREFIXES[family][index]!.map((prefix) => detectText(file, prefix, use))
    return found.find((config) => config !== undefined) ?? []
  })
}

/** A text encoder below a prefix, in either layout, or undefined. */
export function detectText(file: WeightFile, prefix: string, use: TextUse): TextEncoderConfig | undefined {
  const layout = file.tensors.has(`${prefix}token_embedding.weight`) ? 'openclip' : 'transformers'
  const embedding = layout === 'openclip' ? 'token_embedding.weight' : 'embeddings.token_embedding.weight'
  const tokens = file.tensors.get(prefix + embedding)?.shape
  if (tokens === undefined) return undefined
  const layerOf = (index: number) =>
    layout === 'openclip'
      ? `${prefix}transformer.resblocks.${index}.ln_1.weight`
      : `${prefix}encoder.layers.${index}.layer_norm1.weight`
  let layers = 0
  while (file.tensors.has(layerOf(layers))) layers += 1
  const activation = use.key === 'clip_l' ? 'quick-gelu' : 'gelu'
  const defaultLayer = file.declared?.hasTextCut === true ? 1 : use.defaultLayer
  return { ...use, defaultLayer, prefix, layout, width: tokens[1]!, layers, activation }
}
