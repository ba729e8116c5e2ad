import type { DecodedNoise, HypernetworkRef, LoraRef, SamplingSettings, SoftInpainting } from '@atelier/proto'
import type { ImagePrompts } from '../text-encode/encode-prompts.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import type { Pixels } from '../image/pixels.ts'
import type { Grey } from '../inpaint/grey.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { LatentSize } from './generation.ts'

/** Where a run over a picture starts. */
export interface SourceStart {
  /** Clean latents [images, 4, h, w]. */
  readonly latent: Tensor
  readonly strength: number
  readonly runsAllSteps: boolean
  /** Factor on the start noise. */
  readonly noiseFactor: number
  /** [1, 1, h, w], 1 = repaint; absent: all of it. */
  readonly mask?: Tensor | undefined
  /** The pictures the latents were made of, one for all images or one for each; absent: none were kept. */
  readonly pictures?: readonly Pixels[] | undefined
  /** The mask in the pictures' size, and whether it is all or nothing. */
  readonly pixelMask?: Grey | undefined
  readonly roundsMask?: boolean
  /** Drawn and kept parts run into each other; absent: they meet at the mask's edges. */
  readonly soft?: SoftInpainting | undefined
  /** Its noise is found by walking backwards from it; absent: drawn. */
  readonly decodedNoise?: DecodedNoise | undefined
}

/** One run of a sampler over a batch: the only pass, or one of two. */
export interface Pass {
  readonly settings: SamplingSettings
  readonly size: LatentSize
  /** Size of the pictures that are asked for, pixels. */
  readonly pixels: LatentSize
  readonly prompts: readonly ImagePrompts[]
  readonly checkpoint: UsableCheckpoint
  /** LoRAs of its prompts, which a refiner takes over too (A1111). */
  readonly loras: readonly LoraRef[]
  readonly hypernetworks: readonly HypernetworkRef[]
  readonly isSecond: boolean
  /** Where it starts; absent: from noise. */
  readonly start?: SourceStart | undefined
  /** It is to end before its first evaluation. */
  readonly isSkipped?: boolean
}
