import { createModelSampling, fromAlphas, TRAINING_STEPS, type ModelSampling } from '../model-sampling.ts'
import { linspace } from '../schedules/schedule.ts'

const f32 = Math.fround

/**
 * Stable Diffusion's schedule as Diffusers computes it, each operation rounded to f32: a hundred-thousandth from what the
 * other originals have, which Brownian noise and truncated timesteps show. Other schedules are as they are.
 */
export function toTorchTable(model: ModelSampling): ModelSampling {
  return isStandard(model) ? createTorchTable() : model
}

function isStandard({ sigmas }: ModelSampling): boolean {
  const standard = createModelSampling().sigmas
  return sigmas.length === standard.length && sigmas.every((sigma, i) => sigma === standard[i])
}

function createTorchTable(): ModelSampling {
  let product = 1
  // torch multiplies in double precision and stores each product in single.
  const alphas = linspace(Math.sqrt(0.00085), Math.sqrt(0.012), TRAINING_STEPS).map((root) => {
    product *= f32(1 - f32(root * root))
    return f32(product)
  })
  const sigmas = Float64Array.from(alphas, (alpha) => f32(Math.sqrt(f32(f32(1 - alpha) / alpha))))
  return {
    ...fromAlphas(Float64Array.from(alphas)),
    sigmas,
    sigmaMin: sigmas[0]!,
    sigmaMax: sigmas.at(-1)!,
  }
}
