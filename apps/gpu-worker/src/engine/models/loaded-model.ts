import type { ModelFamily, PredictionKind } from '@atelier/catalog'
import type { UnetLayout } from '../checkpoint/detect-unet.ts'
import type { DeclaredScheduler } from '../checkpoint/weight-file.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import type { ModelSampling } from '../denoise/model-sampling.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { TextEncoder } from '../text-encode/text-encoder.ts'
import type { DecoderTiles } from '../networks/vae.ts'
import type { LatentFormat } from './latent-format.ts'

/** A checkpoint ready to be called. Networks are loaded at their first call. */
export interface LoadedModel {
  /** Identity of the checkpoint file. */
  readonly identity: string
  readonly family: ModelFamily
  /** Channels of the UNet's input: 4; 9 takes a mask and a masked picture's latent beside it, 8 a picture's latent. */
  readonly inChannels: number
  /** Which attentions the UNet has. */
  readonly layout: UnetLayout
  /** Width of the label vector the UNet takes; 0: none. */
  readonly labelWidth: number
  readonly contextWidth: number
  /** What the UNet's output means. */
  readonly prediction: PredictionKind
  /** The sigmas it was trained at. */
  readonly sampling: ModelSampling
  readonly latents: LatentFormat
  /** The scheduler its Diffusers folder names, with its settings. */
  readonly scheduler?: DeclaredScheduler
  /** In the order in which their widths are joined; empty for a UNet alone. */
  readonly textEncoders: readonly TextEncoder[]
  /** Brings what a model is told of pictures and cameras to the context's width (Stable Zero123). */
  readonly contextProjection?: ContextProjection | undefined
  readonly predict: PredictionNetwork
}

/** `weight` [context width, told width], `bias` [context width]. */
export interface ContextProjection {
  readonly weight: Tensor
  readonly bias: Tensor
}

/** An autoencoder ready to be called. */
export interface LoadedVae {
  /** Pixels of a latent cell's side; absent: 8. */
  readonly cell?: number
  /**
   * Latent in the autoencoder's scale [batch, 4, h, w] to pixels [batch, 3, 8h, 8w], about -1 to 1; with `wraps` they tile.
   * With `tiles` the attention is computed tile by tile.
   */
  readonly decode: (latent: Tensor, wraps?: boolean, tiles?: DecoderTiles) => Promise<Tensor>
  /** Pixels [batch, 3, H, W], -1 to 1, multiples of 8, to the posterior's mean and log variance [batch, 4, H/8, W/8]. */
  readonly encode: (
    pixels: Tensor,
    wraps?: boolean,
  ) => Promise<{ readonly mean: Tensor; readonly logVariance: Tensor }>
}
