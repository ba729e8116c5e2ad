/** A family of models whose parts fit together. */
export type ModelFamily = 'sd1' | 'sd2' | 'sdxl' | 'sdxl-refiner'

/**
 * What a denoising network's output means: the noise, the velocity, the clean latent, EDM's mixture, the clean latent of a
 * network that takes the latent as it is, or the direction from picture to noise of a rectified flow.
 */
export type PredictionKind = 'epsilon' | 'v' | 'x0' | 'edm' | 'image' | 'flow'

/** The sigmas a network was trained at. */
export type TrainedSchedule =
  | { readonly kind: 'scaled-linear' }
  /** The same, rescaled so that the last step is pure noise. */
  | { readonly kind: 'zero-terminal' }
  /** Any sigma of a range; the network takes its logarithm. */
  | { readonly kind: 'continuous'; readonly sigmaMin: number; readonly sigmaMax: number }
