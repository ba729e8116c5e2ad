import { GITS_LEVELS } from './gits.data.ts'
import { f32, resampleLogarithms } from './schedule.ts'
import { cutByDenoise } from './edit-sigmas.ts'

/** The smallest level, which ends every row of the table. */
const LAST_LEVEL = 0.02916753
/** Numbers of steps the table has rows for. */
const STEPS = { from: 2, to: 20 }

/**
 * Geometry-inspired time scheduling (Chen et al. 2024, arXiv 2405.11326): a row of the paper's table, above twenty steps
 * its longest row resampled.
 * @throws RangeError for a coefficient or a number of steps without a row
 */
export function listGitsSigmas(settings: {
  readonly coefficient: number
  readonly steps: number
  readonly denoise: number
}): number[] {
  const { coefficient, steps, denoise } = settings
  const rows = GITS_LEVELS[coefficient.toFixed(2)]
  const row = rows?.[Math.min(steps, STEPS.to) - STEPS.from]
  if (row === undefined)
    throw new RangeError(`GITS has no row for coefficient ${coefficient} and ${steps} steps`)
  const whole = [...row, LAST_LEVEL].map(f32)
  return cutByDenoise(steps > STEPS.to ? resampleLogarithms(whole, steps + 1) : whole, steps, denoise)
}
