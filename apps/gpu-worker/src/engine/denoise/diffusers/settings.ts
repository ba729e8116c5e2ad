/** How timesteps of a run are spread over those of training. */
export type TimestepSpacing = 'linspace' | 'leading' | 'trailing'

/** Settings of a scheduler, as a folder's `scheduler_config.json` names them; what is missing is the class's default. */
export interface DiffusersSettings {
  readonly timestep_spacing?: string
  readonly steps_offset?: number
  readonly use_karras_sigmas?: boolean
  readonly use_exponential_sigmas?: boolean
  readonly use_beta_sigmas?: boolean
  readonly use_lu_lambdas?: boolean
  readonly set_alpha_to_one?: boolean
  readonly final_sigmas_type?: string
  readonly euler_at_final?: boolean
  readonly lower_order_final?: boolean
  readonly solver_order?: number
  readonly solver_type?: string
  readonly algorithm_type?: string
  /** Steps a consistency model was distilled at, and the factor on its timesteps. */
  readonly original_inference_steps?: number
  readonly timestep_scaling?: number
}

/** The moments of a whole run: the network's timestep at each, and sigmas, one more than timesteps. */
export interface Walk {
  readonly timesteps: readonly number[]
  readonly sigmas: readonly number[]
}
