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

/** Says by evaluation, counted from 0, and its sigma whether the unconditional is left out. */
export function createSkipRule(settings: SkipSettings): (call: number, sigma: number) => boolean {
  const { sigmaBelow, skipsAll, earlyShare, totalCalls } = settings
  return (call, sigma) => {
    if (earlyShare > 0 && call / totalCalls <= earlyShare) return true
    return sigmaBelow > 0 && sigma < sigmaBelow && (skipsAll || call % 2 === 1)
  }
}
