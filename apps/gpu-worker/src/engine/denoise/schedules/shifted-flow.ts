import { shiftExponentially } from '../flow-sampling.ts'
import { f32, linspace } from './schedule.ts'

/** Numbers of places in a latent between which the shift grows from its least to its most. */
export interface ShiftRange {
  readonly from: number
  readonly to: number
}

/** The shift of timesteps for a number of places in a latent, on the line through both ends. */
export function shiftFor(
  places: number,
  { base, most }: { readonly base: number; readonly most: number },
  { from, to }: ShiftRange,
): number {
  const slope = (most - base) / (to - from)
  return places * slope + (base - slope * from)
}

/** Places in a latent between which LTX-Video's shift grows. */
export const LTXV_PLACES: ShiftRange = { from: 1024, to: 4096 }

/**
 * Sigmas of LTX-Video (HaCohen et al. 2024, arXiv 2501.00103): even steps shifted by `mu`, and stretched so that the
 * last before zero is `terminal` where one is given.
 */
export function listLtxvSigmas(steps: number, mu: number, terminal: number | undefined): number[] {
  const factor = Math.exp(mu)
  const shifted = linspace(1, 0, steps + 1).map((share) =>
    share === 0 ? 0 : shiftExponentially(share, factor),
  )
  if (terminal === undefined) return shifted
  const stretch = f32(f32(1 - shifted.findLast((sigma) => sigma !== 0)!) / f32(1 - terminal))
  return shifted.map((sigma) => (sigma === 0 ? 0 : f32(1 - f32(f32(1 - sigma) / stretch))))
}
