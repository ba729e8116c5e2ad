import { TRAINING_STEPS } from '../model-sampling.ts'
import { f32, linspace, roundHalfEven, type Schedule } from './schedule.ts'

// Schedules that are even in the network's timesteps. Ends are brought to the nearest trained timestep.

/** Timesteps from the last to the first (k-diffusion's default). */
export const uniform: Schedule = {
  sigmas: ({ count, model }) =>
    linspace(model.lastTimestep, model.firstTimestep, count).map((t) => model.toSigma(t)),
}

/** Timesteps between those of the largest and smallest sigma. */
export const normal: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax, model }) =>
    linspace(model.toNearestTimestep(sigmaMax), model.toNearestTimestep(sigmaMin), count).map((t) =>
      model.toSigma(t),
    ),
}

/** As normal with one more point, whose last is dropped (Stability's generative-models). */
export const sgmUniform: Schedule = {
  sigmas: (inputs) => normal.sigmas({ ...inputs, count: inputs.count + 1 }).slice(0, -1),
}

/** Every (1000 / n)-th table entry from the top. */
export const simple: Schedule = {
  sigmas: ({ count, model: { sigmas } }) =>
    Array.from(
      { length: count },
      (_, i) => sigmas[sigmas.length - 1 - Math.floor((i * sigmas.length) / count)]!,
    ),
}

/** The nearest timesteps to even parts of 1000, each part's last (Forge's "Turbo"). */
export const turbo: Schedule = {
  sigmas: ({ count, model }) =>
    Array.from({ length: count }, (_, i) => {
      const timestep = f32((count - i) * f32(TRAINING_STEPS / count)) - 1
      return model.toSigma(Math.min(Math.max(roundHalfEven(timestep), 0), TRAINING_STEPS - 1))
    }),
}

/** DDIM's grid: table entries 1, 1 + k, 1 + 2k … from the top; their number may differ from the one asked. */
export const ddimUniform: Schedule = {
  sigmas: ({ count, model: { sigmas } }) => {
    const step = Math.max(Math.floor(sigmas.length / count), 1)
    const list: number[] = []
    for (let i = 1; i < sigmas.length; i += step) list.push(sigmas[i]!)
    return list.reverse()
  },
}
