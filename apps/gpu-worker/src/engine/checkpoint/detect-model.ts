import type { ModelFamily } from '@atelier/catalog'
import { CheckpointError } from './checkpoint-error.ts'
import { detectFamily } from './detect-family.ts'
import { detectPrediction, type Prediction } from './detect-prediction.ts'
import { detectTextEncoders, type TextEncoderConfig } from './detect-text.ts'
import { detectUnet, findUnetPrefix, type UnetConfig } from './detect-unet.ts'
import { detectVae, type VaeConfig } from './detect-vae.ts'
import type { WeightFile } from './weight-file.ts'

/** A recognised checkpoint, or a UNet of its own. */
export interface DetectedModel extends Prediction {
  readonly family: ModelFamily
  readonly unet: UnetConfig
  /** In the order in which their widths are joined; empty in files that hold none. */
  readonly textEncoders: readonly TextEncoderConfig[]
  /** Absent in files that hold no autoencoder. */
  readonly vae?: VaeConfig
}

const VAE_PREFIX = 'first_stage_model.'
/** Channels beside the noisy latent: none, a picture's latent, a mask and a masked picture's latent. */
const IN_CHANNELS = [4, 8, 9]

/**
 * Recognises a checkpoint (LDM names) by its tensors' names and shapes, of any width and number of levels.
 * @throws CheckpointError `unknown-structure` naming what is missing or does not fit
 */
export function detectModel(file: WeightFile): DetectedModel {
  const unknown = (reason: string) => new CheckpointError('unknown-structure', file.path, reason)
  const prefix = findUnetPrefix(file)
  if (prefix === undefined) {
    throw unknown(
      'it has no tensor "model.diffusion_model.input_blocks.0.0.weight": no Stable Diffusion checkpoint',
    )
  }
  const unet = detectUnet(file, prefix)
  if (!IN_CHANNELS.includes(unet.inChannels))
    throw unknown(`its UNet takes ${unet.inChannels} channels; known are ${IN_CHANNELS.join(', ')}`)
  const family = detectFamily(file, unet)
  if (family === undefined)
    throw unknown(`its UNet takes a label of ${unet.labelWidth} numbers, which no known family has`)
  const textEncoders = detectTextEncoders(file, family)
  const textWidth = textEncoders.reduce((sum, { width }) => sum + width, 0)
  if (textEncoders.length > 0 && textWidth !== unet.contextWidth)
    throw unknown(`its text encoders are ${textWidth} wide together, its UNet expects ${unet.contextWidth}`)
  const vae = detectVae(file, VAE_PREFIX)
  const found = { family, unet, textEncoders, ...detectPrediction(file, family, unet) }
  return vae === undefined ? found : { ...found, vae }
}
