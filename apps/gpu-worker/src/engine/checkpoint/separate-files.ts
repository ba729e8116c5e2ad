import { CheckpointError } from './checkpoint-error.ts'
import { detectModel, type DetectedModel } from './detect-model.ts'
import { detectText, TEXT_USES, type TextEncoderConfig, type TextUse } from './detect-text.ts'
import { detectVae, type VaeConfig } from './detect-vae.ts'
import { isDiffusersVae, toLdmVae } from './diffusers/to-ldm.ts'
import { readModel } from './read-model.ts'
import { readWeightFile } from './read-weight-file.ts'
import type { WeightFile } from './weight-file.ts'

const VAE_PREFIXES = ['', 'first_stage_model.', 'vae.']
const TEXT_PREFIXES = ['text_model.', '', 'transformer.text_model.', 'model.', 'transformer.']
/** Layers and width above which a text encoder is OpenCLIP's ViT-H or ViT-bigG; CLIP's ViT-L has 12 and 768. */
const LARGE = { clip_h: { layers: 22, width: 1024 }, clip_g: { layers: 31, width: 1280 } }
/** Layers of SD2's text encoder as Diffusers saves it: cut after the one that its model uses, the last but one of 24. */
const CUT_CLIP_H = 23

/**
 * Opens an autoencoder file, with or without the prefix it has inside checkpoints, under either naming.
 * @throws CheckpointError `unknown-structure` when it holds none
 */
export function openVaeFile(path: string): { file: WeightFile; config: VaeConfig } {
  const read = readWeightFile(path)
  const file = isDiffusersVae(read) ? toLdmVae(read) : read
  for (const prefix of VAE_PREFIXES) {
    const config = detectVae(file, prefix)
    if (config !== undefined) return { file, config }
  }
  throw new CheckpointError('unknown-structure', path, 'it holds no autoencoder')
}

/**
 * Opens a UNet of its own, with or without the prefix it has inside checkpoints, under either naming.
 * @throws CheckpointError `unknown-structure` when it holds none we know
 */
export function openUnetFile(path: string): { file: WeightFile; detected: DetectedModel } {
  const file = readModel(path)
  return { file, detected: detectModel(file) }
}

/**
 * Opens a text encoder file in either layout. Which encoder it is, its depth and width say.
 * @throws CheckpointError `unknown-structure` when it holds none
 */
export function openTextEncoderFile(path: string): { file: WeightFile; config: TextEncoderConfig } {
  const file = readWeightFile(path)
  for (const prefix of TEXT_PREFIXES) {
    const config = detectText(file, prefix, TEXT_USES.sd1[0])
    if (config !== undefined) return { file, config: useAs(config, recogniseUse(config)) }
  }
  throw new CheckpointError('unknown-structure', path, 'it holds no text encoder of the CLIP kind')
}

/** An encoder as a model uses it. */
export function useAs(config: TextEncoderConfig, use: TextUse): TextEncoderConfig {
  return { ...config, ...use, activation: use.key === 'clip_l' ? 'quick-gelu' : 'gelu' }
}

function recogniseUse({ layers, width }: TextEncoderConfig): TextUse {
  if (layers >= LARGE.clip_g.layers || width >= LARGE.clip_g.width) return TEXT_USES['sdxl-refiner'][0]
  if (layers >= LARGE.clip_h.layers || width >= LARGE.clip_h.width)
    return layers === CUT_CLIP_H ? { ...TEXT_USES.sd2[0], defaultLayer: 1 } : TEXT_USES.sd2[0]
  return TEXT_USES.sd1[0]
}
