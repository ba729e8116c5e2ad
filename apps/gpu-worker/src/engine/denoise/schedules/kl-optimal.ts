import { f32, linspaceDouble, type Schedule } from './schedule.ts'

/** Align Your Steps, equation 9 (Sabour et al. 2024, arXiv 2404.14507); one point more than asked, down to sigma min. */
export const klOptimalOpen: Schedule = {
  isComplete: true,
  sigmas: ({ count, sigmaMin, sigmaMax }) => atTangents(count + 1, sigmaMin, sigmaMax),
}

/** The same with the asked number of points (ComfyUI); a single one, undefined there, is the largest sigma. */
export const klOptimal: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax }) => atTangents(count, sigmaMin, sigmaMax),
}

function atTangents(count: number, sigmaMin: number, sigmaMax: number): number[] {
  const [low, high] = [f32(Math.atan(sigmaMin)), f32(Math.atan(sigmaMax))]
  return linspaceDouble(0, 1, count).map((ramp) => {
    const share = f32(ramp)
    return f32(Math.tan(f32(f32(share * low) + f32(f32(1 - share) * high))))
  })
}
