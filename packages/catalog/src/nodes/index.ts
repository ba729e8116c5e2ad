import { advancedSamplerNodes } from './advanced-sampler-nodes.ts'
import { alignYourStepsNodes } from './align-your-steps-nodes.ts'
import { apgNodes } from './apg-nodes.ts'
import { attentionMultiplyNodes } from './attention-multiply-nodes.ts'
import { imageOnlyCheckpointLoader, styleModelLoader } from './awaited-loader-nodes.ts'
import { gligenLoader, gligenTextBoxApply } from './gligen-nodes.ts'
import { blockMergingNodes } from './block-merging-nodes.ts'
import { cfgNodes } from './cfg-nodes.ts'
import { checkpointLoaderSimple } from './checkpoint-loader-simple.ts'
import { clipSetLastLayer } from './clip-set-last-layer.ts'
import { clipTextEncode } from './clip-text-encode.ts'
import {
  clipVisionEncode,
  clipVisionLoader,
  styleModelApply,
  unClipCheckpointLoader,
  unClipConditioning,
} from './clip-vision-nodes.ts'
import { compositingNodes } from './compositing-nodes.ts'
import { conditioningAverage } from './conditioning-average.ts'
import { conditioningCombine } from './conditioning-combine.ts'
import { conditioningConcat } from './conditioning-concat.ts'
import { conditioningSetArea } from './conditioning-set-area.ts'
import { conditioningSetAreaPercentage } from './conditioning-set-area-percentage.ts'
import { conditioningSetAreaStrength } from './conditioning-set-area-strength.ts'
import { conditioningSetMask } from './conditioning-set-mask.ts'
import { conditioningSetTimestepRange } from './conditioning-set-timestep-range.ts'
import { conditioningZeroOut } from './conditioning-zero-out.ts'
import { contextWindowNodes } from './context-window-nodes.ts'
import { controlTextNodes } from './control-text-nodes.ts'
import { customSamplerNodes } from './custom-sampler-nodes.ts'
import { differentialDiffusionNodes } from './differential-diffusion-nodes.ts'
import { easyCacheNodes } from './easy-cache-nodes.ts'
import { editModelNodes } from './edit-model-nodes.ts'
import { emptyImage } from './empty-image.ts'
import { emptyLatentImage } from './empty-latent-image.ts'
import { epsilonScalingNodes } from './epsilon-scaling-nodes.ts'
import { ltxvNodes, optimalStepsNodes } from './flow-nodes.ts'
import { fluxNodes } from './flux-nodes.ts'
import { freeLunchNodes } from './free-lunch-nodes.ts'
import { frescaNodes } from './fresca-nodes.ts'
import { gitsNodes } from './gits-nodes.ts'
import { hookLoraNodes } from './hook-lora-nodes.ts'
import { hookNodes } from './hook-nodes.ts'
import { hypernetworkLoader } from './hypernetwork-loader.ts'
import { hyperTileNodes } from './hyper-tile-nodes.ts'
import { imageBatch } from './image-batch.ts'
import { imageInvert } from './image-invert.ts'
import { imagePadForOutpaint } from './image-pad-for-outpaint.ts'
import { imageScale } from './image-scale.ts'
import { imageScaleBy } from './image-scale-by.ts'
import { imageUpscaleWithModel } from './image-upscale-with-model.ts'
import { imagesNodes } from './images-nodes.ts'
import { inpaintModelConditioning } from './inpaint-model-conditioning.ts'
import { instructPix2PixNodes } from './instruct-pix2pix-nodes.ts'
import { kSampler } from './k-sampler.ts'
import { kSamplerAdvanced } from './k-sampler-advanced.ts'
import { latentBlend } from './latent-blend.ts'
import { latentComposite } from './latent-composite.ts'
import { latentCrop } from './latent-crop.ts'
import { latentFlip } from './latent-flip.ts'
import { latentFromBatch } from './latent-from-batch.ts'
import { latentNodes } from './latent-nodes.ts'
import { latentRotate } from './latent-rotate.ts'
import { latentUpscale } from './latent-upscale.ts'
import { latentUpscaleBy } from './latent-upscale-by.ts'
import {
  checkpointLoader,
  clipLoader,
  diffusersLoader,
  dualClipLoader,
  unetLoader,
  vaeLoader,
} from './loader-nodes.ts'
import { loadImage } from './load-image.ts'
import { loadImageMask } from './load-image-mask.ts'
import { loadImageOutput } from './load-image-output.ts'
import { loadLatent } from './load-latent.ts'
import { mahiroNodes } from './mahiro-nodes.ts'
import { maskNodes } from './mask-nodes.ts'
import { modelDownscaleNodes } from './model-downscale-nodes.ts'
import { modelMergingNodes } from './model-merging-nodes.ts'
import { modelAdvancedNodes } from './model-advanced-nodes.ts'
import { morphologyNodes } from './morphology-nodes.ts'
import { perpNegNodes } from './perp-neg-nodes.ts'
import { perturbedAttentionNodes } from './perturbed-attention-nodes.ts'
import { photoMakerNodes } from './photo-maker-nodes.ts'
import { postProcessingNodes } from './post-processing-nodes.ts'
import { previewAnyNodes } from './preview-any-nodes.ts'
import { previewImage } from './preview-image.ts'
import { primitiveNodes } from './primitive-nodes.ts'
import { rebatchNodes } from './rebatch-nodes.ts'
import { regexNodes } from './regex-nodes.ts'
import { renormNodes } from './renorm-nodes.ts'
import { repeatLatentBatch } from './repeat-latent-batch.ts'
import { saveImage } from './save-image.ts'
import { saveImageWebsocket } from './save-image-websocket.ts'
import { saveLatent } from './save-latent.ts'
import { sd3Nodes } from './sd3-nodes.ts'
import { selfAttentionGuidanceNodes } from './self-attention-guidance-nodes.ts'
import { setLatentNoiseMask } from './set-latent-noise-mask.ts'
import { stringNodes } from './string-nodes.ts'
import { loraLoader, loraLoaderModelOnly } from './lora-loader.ts'
import { cannyNodes, controlNetNodes, unionControlNetNodes } from './control-net-nodes.ts'
import { tokenMergingNodes } from './token-merging-nodes.ts'
import { torchCompileNodes } from './torch-compile-nodes.ts'
import { upscaleModelLoader } from './upscale-model-loader.ts'
import { vaeDecode } from './vae-decode.ts'
import { vaeDecodeTiled } from './vae-decode-tiled.ts'
import { sdxlTextNodes } from './sdxl-text-nodes.ts'
import { tcfgNodes } from './tcfg-nodes.ts'
import { vaeEncodeForInpaint } from './vae-encode-for-inpaint.ts'
import { vaeEncode } from './vae-encode.ts'
import { vaeEncodeTiled } from './vae-encode-tiled.ts'
import { videoGuidanceNodes } from './video-guidance-nodes.ts'
import { zero123Nodes } from './zero123-nodes.ts'
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

/**
 * The node classes served and executed, in the order `object_info` lists them. Classes of ComfyUI's `nodes.py` have files
 * of their own, those of its extras stand together as they do there.
 */
export const NODE_DEFINITIONS: readonly NodeDefinition[] = [
  kSampler,
  checkpointLoaderSimple,
  clipTextEncode,
  clipSetLastLayer,
  vaeDecode,
  vaeEncode,
  vaeEncodeForInpaint,
  vaeLoader,
  emptyLatentImage,
  latentUpscale,
  latentUpscaleBy,
  latentFromBatch,
  repeatLatentBatch,
  saveImage,
  previewImage,
  loadImage,
  loadImageMask,
  loadImageOutput,
  imageScale,
  imageScaleBy,
  imageInvert,
  imageBatch,
  imagePadForOutpaint,
  emptyImage,
  conditioningAverage,
  conditioningCombine,
  conditioningConcat,
  conditioningSetArea,
  conditioningSetAreaPercentage,
  conditioningSetAreaStrength,
  conditioningSetMask,
  kSamplerAdvanced,
  setLatentNoiseMask,
  latentComposite,
  latentBlend,
  latentRotate,
  latentFlip,
  latentCrop,
  loraLoader,
  clipLoader,
  unetLoader,
  dualClipLoader,
  clipVisionEncode,
  styleModelApply,
  unClipConditioning,
  ...controlNetNodes,
  styleModelLoader,
  clipVisionLoader,
  vaeDecodeTiled,
  vaeEncodeTiled,
  unClipCheckpointLoader,
  gligenLoader,
  gligenTextBoxApply,
  inpaintModelConditioning,
  checkpointLoader,
  diffusersLoader,
  loadLatent,
  saveLatent,
  conditioningZeroOut,
  conditioningSetTimestepRange,
  loraLoaderModelOnly,
  ...latentNodes,
  hypernetworkLoader,
  upscaleModelLoader,
  imageUpscaleWithModel,
  ...postProcessingNodes,
  ...maskNodes,
  ...compositingNodes,
  ...rebatchNodes,
  ...modelMergingNodes,
  ...tokenMergingNodes,
  ...sdxlTextNodes,
  ...cannyNodes,
  ...freeLunchNodes,
  ...customSamplerNodes,
  ...hyperTileNodes,
  ...modelAdvancedNodes,
  ...modelDownscaleNodes,
  ...imagesNodes,
  imageOnlyCheckpointLoader,
  ...videoGuidanceNodes,
  ...selfAttentionGuidanceNodes,
  ...perpNegNodes,
  ...zero123Nodes,
  ...photoMakerNodes,
  ...controlTextNodes,
  ...morphologyNodes,
  ...differentialDiffusionNodes,
  ...instructPix2PixNodes,
  ...blockMergingNodes,
  ...perturbedAttentionNodes,
  ...alignYourStepsNodes,
  ...attentionMultiplyNodes,
  ...advancedSamplerNodes,
  ...sd3Nodes,
  ...gitsNodes,
  ...unionControlNetNodes,
  ...epsilonScalingNodes,
  ...fluxNodes,
  ...torchCompileNodes,
  ...mahiroNodes,
  ...ltxvNodes,
  ...hookLoraNodes,
  ...hookNodes,
  ...renormNodes,
  ...primitiveNodes,
  ...cfgNodes,
  ...optimalStepsNodes,
  ...frescaNodes,
  ...apgNodes,
  ...previewAnyNodes,
  ...stringNodes,
  ...regexNodes,
  ...editModelNodes,
  ...tcfgNodes,
  ...contextWindowNodes,
  ...easyCacheNodes,
  saveImageWebsocket,
]

const BY_CLASS: ReadonlyMap<string, NodeDefinition> = new Map(
  NODE_DEFINITIONS.map((definition) => [definition.className, definition]),
)

/** The definition of a class, or undefined when it is not known. */
export function findNodeDefinition(className: string): NodeDefinition | undefined {
  return BY_CLASS.get(className)
}
