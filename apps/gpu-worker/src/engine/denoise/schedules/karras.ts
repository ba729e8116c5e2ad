import { f32, linspace, type Schedule } from './schedule.ts'

/** Karras et al. 2022 (arXiv 2206.00364), equation 5; rho 7. */
export const karras: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax, rho = 7 }) => {
    const [start, end] = [sigmaMax ** (1 / rho), sigmaMin ** (1 / rho)]
    const width = f32(end - start)
    return linspace(0, 1, count).map((ramp) => f32(f32(f32(start) + f32(ramp * width)) ** f32(rho)))
  },
}
