/** When A1111 leaves the unconditional evaluation out. */
export interface SkipSettings {
  /** Below this sigma it is left out at every other evaluation (NGMS); 0 off. */
  readonly sigmaBelow: number
  /** Below that sigma it is left out at every evaluation. */
  readonly skipsAll: boolean
  /** Share of the run at whose start it is left out ("Skip Early CFG"); 0 off. */
  readonly earlyShare: number
  /** Evaluations of the whole run, two a step for second-order samplers. */
  readonly totalCalls: number
}

/** Why the unconditional is left out of an evaluation. */
export type SkipReason = 'early' | 'low-sigma'

/** Says by evaluation, counted from 0, and its sigma why the unconditional is left out; undefined: it is not. */
export function createSkipRule(
  settings: SkipSettings,
): (call: number, sigma: number) => SkipReason | undefined {
  const { sigmaBelow, skipsAll, earlyShare, totalCalls } = settings
  return (call, sigma) => {
    if (earlyShare > 0 && call / totalCalls <= earlyShare) return 'early'
    const isLow = sigmaBelow > 0 && sigma < sigmaBelow && (skipsAll || call % 2 === 1)
    return isLow ? 'low-sigma' : undefined
  }
}
