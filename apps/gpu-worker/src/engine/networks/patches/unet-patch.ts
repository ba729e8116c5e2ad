import type { UnetConfig } from '../../checkpoint/detect-unet.ts'
import type { NetworkChange } from '../../denoise/guidance.ts'
import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'

/** Where in a UNet an attention stands. */
export interface AttentionPlace {
  readonly half: 'input' | 'middle' | 'output'
  /** The block in its half. */
  readonly block: number
  /** The transformer block within its spatial transformer. */
  readonly index: number
  readonly layer: 'self' | 'cross'
  /** How often the picture was halved before. */
  readonly level: number
  readonly heads: number
  readonly channels: number
  /** Width of what a cross-attention looks at. */
  readonly contextWidth: number
  /** What the attention's result is added to, before its normalisation, [batch, tokens, channels]. */
  readonly residual: Value
  /** What went into the spatial transformer, [batch, channels, height, width]. */
  readonly image: Value
}

/** What an attention is computed of, [batch, tokens, channels]. */
export interface AttentionValues {
  readonly query: Value
  readonly key: Value
  readonly value: Value
}

/** An output block before it joins what comes from below with what comes from the other half. */
export interface JoinPlace {
  readonly block: number
  /** Channels of what comes from below. */
  readonly channels: number
}

/** A block of a UNet, counted in its half. */
export interface BlockPlace {
  readonly half: AttentionPlace['half']
  readonly block: number
}

/** What a patch does while a UNet is written; where several do something, in their order. */
export interface UnetHooks {
  /** Changes a block's output, before controls are added to it. */
  readonly block?: (x: Value, at: BlockPlace) => Value
  /** Changes what is projected to queries, keys and values. */
  readonly beforeAttention?: (values: AttentionValues, at: AttentionPlace) => AttentionValues
  /** Computes an attention of projected values in another way; `plain` is the usual result. */
  readonly attend?: (values: AttentionValues, at: AttentionPlace, plain: Value) => Value
  /** Changes what an attention adds. */
  readonly afterAttention?: (x: Value, at: AttentionPlace) => Value
  /** Changes tokens to which a self-attention was added. */
  readonly afterSelf?: (x: Value, at: AttentionPlace) => Value
  /** Changes an input block's output, before or after the other half gets it. */
  readonly feature?: (x: Value, block: number) => Value
  readonly featureAfterSkip?: (x: Value, block: number) => Value
  /** Changes what an output block joins. */
  readonly join?: (
    values: { readonly x: Value; readonly skip: Value },
    at: JoinPlace,
  ) => { x: Value; skip: Value }
  /** Changes the prediction [batch, channels, height, width], or adds channels. */
  readonly finish?: (prediction: Value) => Value
}

/** What a patch is written with. */
export interface PatchSetting {
  readonly graph: GraphBuilder
  readonly config: UnetConfig
  /** The noisy latent. */
  readonly latent: Value
  /**
   * Writes the network once more ahead of its own run, without controls: over another latent, with the same times, contexts
   * and labels, watched by hooks. What nobody uses of it costs nothing.
   */
  readonly runAhead: (latent: Value, hooks: UnetHooks) => void
}

/** A change of a UNet's graph. Two of one key are written the same. */
export interface UnetPatch extends NetworkChange {
  /** Declares the patch's inputs and says what it does. */
  readonly open: (setting: PatchSetting) => UnetHooks
}
