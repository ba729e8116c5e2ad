import type { ControlMoment } from '../denoise/guidance.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { ControlNetwork } from './control-network.ts'
import type { PlaceWeight } from './mode-weights.ts'

/** A network with its hint, strength and window, as one conditioning is guided by it. */
export interface ControlUnit {
  readonly network: ControlNetwork
  /** One hint for all images, or one for each, [count, channels, height, width], 0 to 1, for a latent of that size. */
  readonly hintFor: (latent: Tensor) => Tensor
  readonly weightOf: PlaceWeight
  readonly isActive: (moment: ControlMoment) => boolean
  /** Kind of hint, for a union network. */
  readonly unionType?: number | undefined
  /** Factor on what it adds, by place of the picture, [1, 1, height, width] of any size; absent: 1 everywhere. */
  readonly region?: Tensor | undefined
}
