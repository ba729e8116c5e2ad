import type { ModelFamily } from '../checkpoint/detect-model.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { TextEncoder } from '../text-encode/text-encoder.ts'

/** A checkpoint ready to be called. Networks are loaded at their first call. */
export interface LoadedModel {
  /** Identity of the checkpoint file. */
  readonly identity: string
  readonly family: ModelFamily
  /** In the order in which their widths are joined. */
  readonly textEncoders: readonly TextEncoder[]
  readonly predict: PredictionNetwork
}

/** An autoencoder ready to be called. */
export interface LoadedVae {
  /** Latents of sampling = unscaled latents x this factor. */
  readonly scaleFactor: number
  /** Unscaled latent [batch, 4, h, w] to pixels [batch, 3, 8h, 8w], about -1 to 1; with `wraps` they tile. */
  readonly decode: (latent: Tensor, wraps?: boolean) => Promise<Tensor>
  /** Pixels [batch, 3, H, W], -1 to 1, multiples of 8, to the posterior's mean and log variance [batch, 4, H/8, W/8]. */
  readonly encode: (
    pixels: Tensor,
    wraps?: boolean,
  ) => Promise<{ readonly mean: Tensor; readonly logVariance: Tensor }>
}
