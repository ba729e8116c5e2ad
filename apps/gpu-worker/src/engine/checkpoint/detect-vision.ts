import { CheckpointError } from './checkpoint-error.ts'
import { toEncoderEntries, type ModuleNames } from './text-names.ts'
import type { TensorEntry, WeightFile } from './weight-file.ts'

/** What a picture encoder's tensors say about its structure. */
export interface VisionConfig {
  readonly width: number
  readonly layers: number
  /** Sides of the square pictures it takes, and of the squares they are cut to, pixels. */
  readonly imageSize: number
  readonly patchSize: number
  readonly activation: 'quick-gelu' | 'gelu'
}

/** A picture encoder's tensors under the transformers library's names, and its structure. */
export interface OpenedVision {
  readonly file: WeightFile
  readonly config: VisionConfig
}

/** Where a picture encoder stands in OpenCLIP files, in unCLIP checkpoints and in Stable Zero123. */
const OPEN_CLIP_PREFIXES = ['visual.', 'embedder.model.visual.', 'cond_stage_model.model.visual.']
/** Modules around the layers of a picture encoder. */
const VISION_MODULES: ModuleNames = [
  [/^class_embedding$/, 'embeddings.class_embedding'],
  [/^conv1\./, 'embeddings.patch_embedding.'],
  [/^positional_embedding$/, 'embeddings.position_embedding.weight'],
  [/^ln_pre\./, 'pre_layrnorm.'],
  [/^ln_post\./, 'post_layernorm.'],
]
/** Layers of CLIP's ViT-L, the smallest that is known; ViT-H has 32, ViT-bigG 48. */
const CLIP_L_LAYERS = 24

/**
 * Recognises CLIP's picture encoder (Radford et al. 2021, arXiv 2103.00020) in a file of its own or in a checkpoint that
 * is told pictures, in either layout.
 * @throws CheckpointError `unknown-structure` when the file holds none
 */
export function openVision(file: WeightFile): OpenedVision {
  const named = renameVision(file)
  const shape = (name: string) => named.tensors.get(`vision_model.${name}`)?.shape
  const patches = shape('embeddings.patch_embedding.weight')
  const places = shape('embeddings.position_embedding.weight')?.[0]
  let layers = 0
  while (shape(`encoder.layers.${layers}.layer_norm1.weight`) !== undefined) layers += 1
  const isClip = named.tensors.has('vision_model.embeddings.class_embedding')
  if (patches === undefined || places === undefined || !isClip || layers < CLIP_L_LAYERS - 1)
    throw new CheckpointError('unknown-structure', file.path, 'it holds no picture encoder of the CLIP kind')
  const [width = 0, , , patchSize = 0] = patches
  const config: VisionConfig = {
    ...{ width, layers, patchSize },
    imageSize: Math.round(Math.sqrt(places - 1)) * patchSize,
    activation: layers > CLIP_L_LAYERS ? 'gelu' : 'quick-gelu',
  }
  return { file: named, config }
}

function renameVision(file: WeightFile): WeightFile {
  const prefix = OPEN_CLIP_PREFIXES.find((known) => file.tensors.has(`${known}class_embedding`))
  if (prefix === undefined) return file
  const tensors = new Map<string, TensorEntry>()
  for (const [name, entry] of file.tensors) {
    if (!name.startsWith(prefix)) continue
    const own = name.slice(prefix.length)
    const renamed: [string, TensorEntry][] =
      own === 'proj'
        ? [['visual_projection', entry]]
        : toEncoderEntries(own, entry, { root: 'vision_model.', around: VISION_MODULES })
    for (const [to, part] of renamed) tensors.set(to, part)
  }
  return { ...file, tensors }
}
