import { f32, linspace, roundHalfEven } from './schedule.ts'

// What ComfyUI's nodes do to lists of sigmas.

/** The end of a list that a share of its steps leaves, its last sigma zero; nothing for a share of zero. */
export function cutByDenoise(sigmas: readonly number[], steps: number, denoise: number): number[] {
  if (denoise <= 0) return []
  const kept = denoise < 1 ? roundHalfEven(steps * denoise) : steps
  return [...sigmas.slice(-(kept + 1), -1), 0]
}

/** Both parts of a list cut at a step, which both share. */
export function splitSigmas(sigmas: readonly number[], step: number): [high: number[], low: number[]] {
  return [sigmas.slice(0, step + 1), sigmas.slice(step)]
}

/** Both parts of a list, the lower with a share of the steps; at a share of zero the higher is empty, as in ComfyUI. */
export function splitSigmasByDenoise(
  sigmas: readonly number[],
  denoise: number,
): [high: number[], low: number[]] {
  const kept = roundHalfEven(Math.max(sigmas.length - 1, 0) * denoise)
  return [kept === 0 ? [] : sigmas.slice(0, -kept), sigmas.slice(-(kept + 1))]
}

/** Stands for a zero that would come first. */
const NEARLY_ZERO = f32(0.0001)

/** A list turned around, for walking from a picture to its noise. */
export function flipSigmas(sigmas: readonly number[]): number[] {
  const flipped = [...sigmas].reverse()
  if (flipped[0] === 0) flipped[0] = NEARLY_ZERO
  return flipped
}

/** A list with another first sigma. */
export function setFirstSigma(sigmas: readonly number[], sigma: number): number[] {
  return [f32(sigma), ...sigmas.slice(1)]
}

/** How points are spread between two sigmas. */
export type Spacing = 'linear' | 'cosine' | 'sine'

const SPACINGS: Readonly<Record<Spacing, (share: number) => number>> = {
  linear: (share) => share,
  cosine: (share) => Math.sin((share * Math.PI) / 2),
  sine: (share) => 1 - Math.cos((share * Math.PI) / 2),
}

/** A list with `steps` steps in the place of each one that begins within a range of sigmas; `from` < 0: no upper end. */
export function extendSigmas(
  sigmas: readonly number[],
  { steps, from, to, spacing }: { steps: number; from: number; to: number; spacing: Spacing },
): number[] {
  const shares = linspace(0, 1, steps + 1)
    .slice(1, -1)
    .map((share) => f32(SPACINGS[spacing](share)))
  const top = from < 0 ? Infinity : from
  return sigmas.flatMap((sigma, i) => {
    const next = sigmas[i + 1]
    if (next === undefined || sigma > top || sigma < to) return [sigma]
    return [sigma, ...shares.map((share) => f32(f32(share * f32(next - sigma)) + sigma))]
  })
}
