export type { DiffusersSettings } from '@atelier/catalog'

/** How timesteps of a run are spread over those of training. */
export type TimestepSpacing = 'linspace' | 'leading' | 'trailing'

/** The moments of a whole run: the network's timestep at each, and sigmas, one more than timesteps. */
export interface Walk {
  readonly timesteps: readonly number[]
  readonly sigmas: readonly number[]
}
