import { f32, linspaceDouble, type Schedule } from './schedule.ts'
import { inverseBeta } from './inverse-beta.ts'

const SHAPE = { alpha: 0.6, beta: 0.6 }

/** Beta distribution of steps (Lee et al. 2024, arXiv 2407.12173) between the smallest and largest sigma. */
export const betaWebui: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax, beta = SHAPE }) =>
    linspaceDouble(0, 1, count).map((ramp) =>
      f32(sigmaMin + inverseBeta(1 - ramp, beta) * (sigmaMax - sigmaMin)),
    ),
}

/** The same over table entries, as ComfyUI has it: repeated entries are left out. */
export const betaComfy: Schedule = {
  sigmas: ({ count, beta = SHAPE, model: { sigmas } }) => {
    const list: number[] = []
    let last = -1
    for (let i = 0; i < count; i += 1) {
      // A half, met in the middle of a symmetric shape, goes up: SciPy's inverse lies a hair above it.
      const index = Math.round(inverseBeta(1 - i / count, beta) * (sigmas.length - 1))
      if (index !== last) list.push(sigmas[index]!)
      last = index
    }
    return list
  },
}
