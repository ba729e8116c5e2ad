/** A network architecture of upscalers. */
export type UpscalerArchitecture = 'ESRGAN' | 'Compact' | 'SwinIR'

/** What an upscaler file's tensors say about its structure. */
export interface UpscalerConfig {
  readonly architecture: UpscalerArchitecture
  /** What stands before every tensor name in this file ("params_ema." and the like), or nothing. */
  readonly prefix: string
  /** Output pixels for one input pixel, along a side. */
  readonly scale: number
  /** Pixels of a side that the network's first layer joins to one. */
  readonly unshuffle: number
  /** Sides shorter than this are padded first. */
  readonly minimumSide: number
  /** Sides are padded to multiples of each, in this order. */
  readonly multiples: readonly number[]
}
