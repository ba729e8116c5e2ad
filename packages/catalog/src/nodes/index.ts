import { checkpointLoaderSimple } from './checkpoint-loader-simple.ts'
import { clipSetLastLayer } from './clip-set-last-layer.ts'
import { clipTextEncode } from './clip-text-encode.ts'
import { emptyImage } from './empty-image.ts'
import { emptyLatentImage } from './empty-latent-image.ts'
import { imageInvert } from './image-invert.ts'
import { imageScale } from './image-scale.ts'
import { imageScaleBy } from './image-scale-by.ts'
import { imageUpscaleWithModel } from './image-upscale-with-model.ts'
import { kSampler } from './k-sampler.ts'
import { kSamplerAdvanced } from './k-sampler-advanced.ts'
import { latentUpscale } from './latent-upscale.ts'
import { loadImage } from './load-image.ts'
import { previewImage } from './preview-image.ts'
import { saveImage } from './save-image.ts'
import { saveImageWebsocket } from './save-image-websocket.ts'
import { upscaleModelLoader } from './upscale-model-loader.ts'
import { vaeDecode } from './vae-decode.ts'
import { vaeEncode } from './vae-encode.ts'
import type { NodeDefinition } from './node-definition.ts'

export type {
  ChoiceSource,
  InputDefinition,
  InputType,
  NodeDefinition,
  OptionValue,
  OutputDefinition,
} from './node-definition.ts'
export { SAMPLER_NAMES, SCHEDULER_NAMES } from './option-lists.ts'

/** The node classes served and executed, in the order `object_info` lists them. */
export const NODE_DEFINITIONS: readonly NodeDefinition[] = [
  kSampler,
  checkpointLoaderSimple,
  clipTextEncode,
  clipSetLastLayer,
  vaeDecode,
  vaeEncode,
  emptyLatentImage,
  latentUpscale,
  saveImage,
  previewImage,
  loadImage,
  imageScale,
  imageScaleBy,
  imageInvert,
  emptyImage,
  kSamplerAdvanced,
  upscaleModelLoader,
  imageUpscaleWithModel,
  saveImageWebsocket,
]

const BY_CLASS: ReadonlyMap<string, NodeDefinition> = new Map(
  NODE_DEFINITIONS.map((definition) => [definition.className, definition]),
)

/** The definition of a class, or undefined when it is not known. */
export function findNodeDefinition(className: string): NodeDefinition | undefined {
  return BY_CLASS.get(className)
}
