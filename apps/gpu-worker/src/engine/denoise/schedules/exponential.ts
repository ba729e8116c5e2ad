import { f32, linspace, type Schedule } from './schedule.ts'

/** Evenly spaced logarithms. */
export const exponential: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax }) =>
    linspace(Math.log(sigmaMax), Math.log(sigmaMin), count).map((log) => f32(Math.exp(log))),
}

/** Logarithms spaced by a power of the ramp; rho 1 is exponential. */
export const polyexponential: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax, rho = 1 }) => {
    const [low, width] = [f32(Math.log(sigmaMin)), f32(Math.log(sigmaMax) - Math.log(sigmaMin))]
    return linspace(1, 0, count).map((ramp) => f32(Math.exp(f32(f32(f32(ramp ** f32(rho)) * width) + low))))
  },
}
