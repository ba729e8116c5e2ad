import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import { createModelSampling } from '../model-sampling.ts'
import { createGenerator } from '../noise/generator.ts'
import { createComfyNoise } from '../noise/sampler-noise.ts'
import { planDiffusers, type DiffusersSettings } from '../plan-diffusers.ts'

/** A recorded run of a Diffusers scheduler (bench/parity/make_diffusers_schedulers.py). */
export interface DiffusersRecording {
  readonly scheduler: string
  readonly settings: DiffusersSettings
  readonly steps: number
  readonly strength?: number
  readonly seed: number
  readonly timesteps: readonly number[]
  readonly latent: readonly number[]
}

const SHAPE = [1, 4, 4, 4]
const COUNT = 64
const model = createModelSampling()

/** Runs a recorded case with the recording's analytic model: the latent it ends with, and the timesteps that were asked. */
export async function runDiffusersRecording(
  row: DiffusersRecording,
): Promise<{ latent: Tensor; timesteps: number[] }> {
  const { scheduler, settings, steps, strength, seed } = row
  const plan = planDiffusers({ scheduler, settings, steps, strength, model })
  const generator = createGenerator('cpu', BigInt(seed))
  const draw = () => createTensor(SHAPE, generator.drawNormal(COUNT))
  const { between } = createComfyNoise(BigInt(seed), SHAPE, plan.brownianRange)
  const source = createTensor(
    SHAPE,
    Float32Array.from({ length: COUNT }, (_, i) => Math.cos(i / 5)),
  )
  const timesteps: number[] = []
  const latent = await plan.sampler(plan.begin(draw(), strength === undefined ? undefined : source), {
    denoise: async (x, sigma) => {
      const timestep = plan.timestepOf(sigma)
      timesteps.push(timestep)
      const clean = combine([1, x], [-sigma, predictNoise(x, sigma, timestep)])
      return { latent: clean, unconditional: clean }
    },
    sigmas: plan.sigmas,
    noise: { next: draw, churn: draw, between },
    options: { sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity, flavour: 'webui' },
    onStep: async () => undefined,
  })
  return { latent: plan.end(latent), timesteps }
}

function predictNoise({ shape, data }: Tensor, sigma: number, timestep: number): Tensor {
  const root = Math.sqrt(sigma ** 2 + 1)
  return createTensor(
    shape,
    data.map((value) => (0.7 * value) / root + 0.2 * Math.sin((2 * value) / root + timestep / 200)),
  )
}
