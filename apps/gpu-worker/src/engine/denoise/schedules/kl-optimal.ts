import { linspace, type Schedule } from './schedule.ts'

/** Align Your Steps, equation 9 (Sabour et al. 2024, arXiv 2404.14507); one point more than asked, down to sigma min. */
export const klOptimalOpen: Schedule = {
  isComplete: true,
  sigmas: ({ count, sigmaMin, sigmaMax }) => atTangents(linspace(0, 1, count + 1), sigmaMin, sigmaMax),
}

/** The same with the asked number of points (ComfyUI). */
export const klOptimal: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax }) => atTangents(linspace(0, 1, count), sigmaMin, sigmaMax),
}

function atTangents(ramp: readonly number[], sigmaMin: number, sigmaMax: number): number[] {
  return ramp.map((r) => Math.tan(r * Math.atan(sigmaMin) + (1 - r) * Math.atan(sigmaMax)))
}
