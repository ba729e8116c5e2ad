import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine, scale } from '../combine.ts'
import { createKeepingDenoiser } from '../keep-latent.ts'
import { pictureShare } from '../model-sampling.ts'
import { prepareBatchNoise } from '../noise/batch-noise.ts'
import { createComfyNoise } from '../noise/sampler-noise.ts'
import { listKsamplerSigmas, planComfySigmas } from '../plan-comfy.ts'
import { createAnalyticDenoiser } from './analytic-denoiser.ts'
import { MODELS } from './recorded-models.ts'

/** A recorded run of ComfyUI's samplers. */
export interface ComfyRecording {
  readonly key: string
  readonly sampler: string
  readonly scheduler: string
  readonly steps: number
  readonly seed: number
  readonly denoise: number
  readonly model?: string
  readonly slice?: readonly [number, number]
  readonly options?: Readonly<Record<string, number>>
  readonly latent?: boolean
  readonly inpaint?: boolean
  readonly model_sigmas: readonly number[]
  readonly spread: number
}

/** Runs a recorded case: its final latent, and how often the network was asked. */
export async function runComfyRecording(
  row: ComfyRecording,
  shape: readonly number[],
): Promise<{ result: Tensor; calls: number }> {
  const { sampler, scheduler: schedule, steps, denoise, options = {} } = row
  const model = MODELS[row.model ?? 'sd1']!
  const all = listKsamplerSigmas({ sampler, schedule, steps, denoise, model })
  const plan = planComfySigmas({ sampler, sigmas: row.slice ? all.slice(...row.slice) : all, model })
  const seed = BigInt(row.seed)
  const source = row.latent === true ? scale(0.5, prepareBatchNoise(99n, shape)) : undefined
  const startNoise = prepareBatchNoise(seed, shape)
  const analytic = createAnalyticDenoiser()
  const kept = source ?? createTensor(shape)
  const keptNoise = sampler === 'ddim' ? prepareBatchNoise(seed + 1n, shape) : startNoise
  const inner =
    row.inpaint === true
      ? createKeepingDenoiser(analytic, {
          mask: inpaintMask(shape),
          source: kept,
          noisedAt: (sigma) => combine([pictureShare(model, sigma), kept], [sigma, keptNoise]),
        })
      : analytic
  let calls = 0
  const result = await plan.sampler(plan.begin(startNoise, source), {
    denoise: (latent, sigma) => {
      calls += 1
      return inner(latent, sigma)
    },
    sigmas: plan.sigmas,
    flow: plan.flow,
    noise: createComfyNoise(seed, shape, plan.brownianRange),
    options: {
      eta: options['eta'],
      sNoise: options['s_noise'] ?? 1,
      sChurn: options['s_churn'] ?? 0,
      sTmin: options['s_tmin'] ?? 0,
      sTmax: options['s_tmax'] ?? Infinity,
      flavour: 'comfy',
    },
    onStep: async () => undefined,
  })
  return { result: plan.end(result), calls }
}

/** The recordings’ mask: 1 in rows 2 to 4, one half in row 5, of columns 1 to 4. */
export function inpaintMask(shape: readonly number[]): Tensor {
  const [, , height, width] = shape as [number, number, number, number]
  const mask = createTensor(shape)
  mask.data.forEach((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height]
    if (x < 1 || x >= 5 || y < 2 || y > 5) return
    mask.data[i] = y === 5 ? 0.5 : 1
  })
  return mask
}
