import type { NodeExecution } from '../node-graph/node-context.ts'
import { animationNodes } from './animation-nodes.ts'
import { checkpointLoaderSimple } from './checkpoint-loader-simple.ts'
import { clipSetLastLayer } from './clip-set-last-layer.ts'
import { clipTextEncode, clipTextEncodeControlnet } from './clip-text-encode.ts'
import { contextWindowNodes } from './context-window-nodes.ts'
import { controlNetNodes } from './control-net-nodes.ts'
import { customSamplingNodes } from './custom-sampling-nodes.ts'
import { emptyImage } from './empty-image.ts'
import { emptyLatentImage } from './empty-latent-image.ts'
import { imageInvert } from './image-invert.ts'
import { emptySd3LatentImage } from './empty-sd3-latent-image.ts'
import { imageQuantize } from './image-quantize.ts'
import { imageScale } from './image-scale.ts'
import { imageScaleBy } from './image-scale-by.ts'
import { imageUpscaleWithModel } from './image-upscale-with-model.ts'
import { hookNodes } from './hook-nodes.ts'
import { gligenNodes } from './gligen-nodes.ts'
import { guidanceNodes } from './guidance-nodes.ts'
import { inpaintNodes } from './inpaint-nodes.ts'
import { kSampler, kSamplerAdvanced } from './k-sampler.ts'
import { latentUpscale } from './latent-upscale.ts'
import { latentBatchNodes } from './latent-batch-nodes.ts'
import { latentPasteNodes } from './latent-paste-nodes.ts'
import { latentFileNodes } from './latent-file-nodes.ts'
import { latentNodes } from './latent-nodes.ts'
import { loaderNodes } from './loader-nodes.ts'
import { networkPatchNodes } from './network-patch-nodes.ts'
import { maskNodes } from './mask-nodes.ts'
import { pictureNodes } from './picture-nodes.ts'
import { imageNodes } from './image-nodes.ts'
import { conditioningNodes } from './conditioning-nodes.ts'
import { scopedConditioningNodes } from './scoped-conditioning-nodes.ts'
import { textNodes } from './text-nodes.ts'
import { modelMergingNodes } from './model-merging-nodes.ts'
import { modelSavingNodes } from './model-saving-nodes.ts'
import { modelSamplingNodes } from './model-sampling-nodes.ts'
import { sdxlTextNodes } from './sdxl-text-nodes.ts'
import { loadImageMask } from './load-image-mask.ts'
import { loadImage } from './load-image.ts'
import { loraLoader, loraLoaderModelOnly } from './lora-loader.ts'
import { photoMakerNodes } from './photo-maker-nodes.ts'
import { previewImage } from './preview-image.ts'
import { regexNodes } from './regex-nodes.ts'
import { rebatchNodes } from './rebatch-nodes.ts'
import { samplerNodes } from './sampler-nodes.ts'
import { saveImage } from './save-image.ts'
import { saveImageWebsocket } from './save-image-websocket.ts'
import { schedulerNodes, sigmaNodes } from './scheduler-nodes.ts'
import { upscaleModelLoader } from './upscale-model-loader.ts'
import { visionNodes } from './vision-nodes.ts'
import { vaeDecode } from './vae-decode.ts'
import { vaeEncode } from './vae-encode.ts'
import { vaeTiledNodes } from './vae-tiled-nodes.ts'
import { zero123Nodes } from './zero123-nodes.ts'

/**
 * Node classes by ComfyUI's name; the catalog defines the same ones. Classes of its `nodes.py` have files of their own,
 * those of its extras are tables by subject.
 */
export const NODE_EXECUTIONS: ReadonlyMap<string, NodeExecution> = new Map<string, NodeExecution>([
  ['CheckpointLoaderSimple', checkpointLoaderSimple],
  ['CLIPSetLastLayer', clipSetLastLayer],
  ['CLIPTextEncode', clipTextEncode],
  ['CLIPTextEncodeControlnet', clipTextEncodeControlnet],
  ['EmptyImage', emptyImage],
  ['EmptyLatentImage', emptyLatentImage],
  ['EmptySD3LatentImage', emptySd3LatentImage],
  ['ImageInvert', imageInvert],
  ['ImageQuantize', imageQuantize],
  ['ImageScale', imageScale],
  ['ImageScaleBy', imageScaleBy],
  ['ImageUpscaleWithModel', imageUpscaleWithModel],
  ['KSampler', kSampler],
  ['KSamplerAdvanced', kSamplerAdvanced],
  ['LatentUpscale', latentUpscale],
  ['LoadImage', loadImage],
  ['LoadImageMask', loadImageMask],
  ['LoadImageOutput', loadImage],
  ['LoraLoader', loraLoader],
  ['LoraLoaderModelOnly', loraLoaderModelOnly],
  ['PreviewImage', previewImage],
  ['SaveImage', saveImage],
  ['SaveImageWebsocket', saveImageWebsocket],
  ['UpscaleModelLoader', upscaleModelLoader],
  ['VAEDecode', vaeDecode],
  ['VAEEncode', vaeEncode],
  ...[
    latentBatchNodes,
    latentPasteNodes,
    latentNodes,
    loaderNodes,
    maskNodes,
    pictureNodes,
    imageNodes,
    conditioningNodes,
    contextWindowNodes,
    controlNetNodes,
    inpaintNodes,
    sdxlTextNodes,
    modelMergingNodes,
    modelSavingNodes,
    modelSamplingNodes,
    guidanceNodes,
    hookNodes,
    gligenNodes,
    networkPatchNodes,
    customSamplingNodes,
    scopedConditioningNodes,
    animationNodes,
    latentFileNodes,
    vaeTiledNodes,
    rebatchNodes,
    samplerNodes,
    schedulerNodes,
    sigmaNodes,
    textNodes,
    photoMakerNodes,
    visionNodes,
    zero123Nodes,
    regexNodes,
  ].flatMap(Object.entries<NodeExecution>),
])
