import { f32, linspace, type Schedule } from './schedule.ts'

/** Evenly spaced logarithms. */
export const exponential: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax }) =>
    linspace(Math.log(sigmaMax), Math.log(sigmaMin), count).map((log) => f32(Math.exp(log))),
}

/** Logarithms spaced by a power of the ramp; rho 1 is exponential. */
export const polyexponential: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax, rho = 1 }) =>
    linspace(1, 0, count).map((ramp) =>
      Math.exp(ramp ** rho * (Math.log(sigmaMax) - Math.log(sigmaMin)) + Math.log(sigmaMin)),
    ),
}
