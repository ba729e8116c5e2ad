import type { PlaneBox } from '../../tensor/planes.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { PredictionNetwork, RowControls } from '../guidance.ts'

/** One entry of a conditioning, ready for a run: where in the latent, when, and how strongly it guides. */
export interface GuidingEntry {
  /** [1 or images, tokens, width]. */
  readonly tokens: Tensor
  /** [1 or images, width] for the models that take one. */
  readonly label?: Tensor | undefined
  /** Channels that follow the latent's, [images, channels, h, w] of its size, for the models that take some. */
  readonly concat?: Tensor | undefined
  /** The text ControlNets see in place of `tokens`, of their shape but for the number. */
  readonly controlTokens?: Tensor | undefined
  readonly controls?: RowControls | undefined
  /** The network that predicts under it at a noise level, where that is not everybody's. */
  readonly networkAt?: ((sigma: number) => Promise<PredictionNetwork>) | undefined
  /** What patches of the network are told about its rows, by input. */
  readonly inside?: Readonly<Record<string, readonly number[]>> | undefined
  /** The part of the latent it sees, in cells; absent: all of it. */
  readonly area?: PlaneBox | undefined
  /** Share by cell, [masks, h, w] of the latent's size; absent: 1. */
  readonly mask?: Tensor | undefined
  /** Weight against other entries in the same cells. */
  readonly strength: number
  /** It guides while sigma is at most `startSigma` and at least `endSigma`. */
  readonly startSigma: number
  readonly endSigma: number
  /** It guides where no other entry of its role does. */
  readonly isDefault?: boolean
}

/** What guides a run, by role: "positive", "negative", and those that other guiders name. */
export type GuidingLists = Readonly<Record<string, readonly GuidingEntry[]>>
