import { countElements, createTensor, type Tensor } from '../../tensor/tensor.ts'
import { combine, scale } from '../combine.ts'
import { createKeepingDenoiser } from '../keep-latent.ts'
import { createModelSampling } from '../model-sampling.ts'
import { prepareBatchNoise } from '../noise/batch-noise.ts'
import { createWebuiNoise } from '../noise/sampler-noise.ts'
import { TorchGenerator } from '../noise/torch-generator.ts'
import type { SamplingPlan } from '../plan.ts'
import { planWebui, toWebuiSamplerOptions } from '../plan-webui.ts'
import type { Denoiser } from '../sampler.ts'
import { createSkipRule } from '../skip-unconditional.ts'
import { createAnalyticDenoiser } from './analytic-denoiser.ts'
import { createImageNoise } from './recorded-image-noise.ts'
import { toWebuiSampling } from './recorded-webui-sampling.ts'

/** A recorded run of A1111's samplers. */
export interface WebuiRecording {
  readonly key: string
  readonly sampler: string
  readonly steps: number
  readonly seeds: readonly number[]
  readonly mode: 'txt2img' | 'img2img'
  readonly variant?: 'a1111-lcm' | 'a1111-cfgpp' | 'fractional-t' | 'inpaint'
  readonly p?: Readonly<Record<string, number>>
  readonly options?: Readonly<Record<string, unknown>>
  readonly rng?: Readonly<Record<string, unknown>>
  readonly model_sigmas?: readonly number[]
  readonly spread?: number
  readonly error?: string
}

const isFractional = ({ variant }: WebuiRecording) => variant === 'fractional-t'

/** Runs a recorded case: its final latent, and how often the network was asked. */
export async function runWebuiRecording(
  row: WebuiRecording,
  shape: readonly number[],
): Promise<{ result: Tensor; calls: number }> {
  const { p = {}, options = {} } = row
  const seeds = row.seeds.map(BigInt)
  const isImage = row.mode === 'img2img'
  const sampling = toWebuiSampling(row)
  const plan = planWebui({ ...sampling, strength: isImage ? p['denoising_strength'] : undefined })
  const kind = options['randn_source'] === 'NV' ? 'philox' : 'cpu'
  const settings = { ...row.rng, eta_noise_seed_delta: options['eta_noise_seed_delta'] ?? 0 }
  const images = createImageNoise(
    { ...settings, source: options['randn_source'] ?? 'CPU' },
    shape.slice(1) as [number, number, number],
    seeds,
  )
  const source = isImage ? scale(0.5, prepareBatchNoise(99n, shape)) : undefined
  const start = plan.begin(images.next(), source)
  const noise = createWebuiNoise(images, { kind, seeds, shape, range: plan.brownianRange })
  const global = new TorchGenerator((seeds.at(-1)! + 100_000n) % 65_536n)
  const drawGlobal = () => createTensor(shape, global.drawNormal(countElements(shape)))
  let calls = 0
  const inner = prepareDenoiser(row, { plan, source, drawGlobal, secondOrder: sampling.sampler })
  const result = await plan.sampler(start, {
    denoise: (latent, sigma) => {
      calls += 1
      return inner(latent, sigma)
    },
    sigmas: plan.sigmas,
    // Forge's DDPM takes its noise from the global generator.
    noise: row.sampler === 'DDPM' ? { ...noise, next: drawGlobal } : noise,
    options: toWebuiSamplerOptions(sampling.sampler, {
      eta: p['eta'],
      sNoise: p['s_noise'] ?? 1,
      sChurn: p['s_churn'] ?? 0,
      sTmin: p['s_tmin'] ?? 0,
      // The recordings set the field itself, past the constructor that reads 0 as no limit.
      sTmax: p['s_tmax'] ?? 0,
    }),
    onStep: async () => undefined,
  })
  return { result: plan.end(result), calls }
}

interface Surroundings {
  readonly plan: SamplingPlan
  readonly source: Tensor | undefined
  readonly drawGlobal: () => Tensor
  readonly secondOrder: string
}

/** The analytic denoiser with what the case puts around it. */
function prepareDenoiser(
  row: WebuiRecording,
  { plan, source, drawGlobal, secondOrder }: Surroundings,
): Denoiser {
  const { p = {}, options = {}, variant } = row
  const rule = createSkipRule({
    sigmaBelow: p['s_min_uncond'] ?? 0,
    skipsAll: false,
    earlyShare: Number(options['skip_early_cond'] ?? 0),
    totalCalls: secondOrder === 'heun' ? 2 * row.steps : row.steps,
  })
  const analytic = createAnalyticDenoiser({
    ...(variant === 'a1111-cfgpp' ? { guidanceFactor: plan.guidanceFactor ?? 1 } : {}),
    skips: (call, sigma) => rule(call, sigma) !== undefined,
  })
  if (variant === 'inpaint' && source !== undefined) {
    return createKeepingDenoiser(analytic, {
      mask: inpaintMask(source.shape),
      source,
      noisedAt: (sigma) => combine([1, source], [sigma, drawGlobal()]),
      keepsNoise: plan.keepsNoise === true,
    })
  }
  if (variant === 'a1111-lcm') return withConsistency(analytic, plan)
  if (row.sampler === 'UniPC') return withNetworkTime(analytic, { row, plan })
  return analytic
}

/** 1 in rows 2 to 5 of columns 1 to 4. */
function inpaintMask(shape: readonly number[]): Tensor {
  const [, , height, width] = shape as [number, number, number, number]
  const mask = createTensor(shape)
  mask.data.forEach((_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height]
    mask.data[i] = y >= 2 && y < 6 && x >= 1 && x < 5 ? 1 : 0
  })
  return mask
}

/** A consistency model's shares act on the analytic prediction, as on a network's. */
function withConsistency(denoise: Denoiser, plan: SamplingPlan): Denoiser {
  return async (latent, sigma) => {
    const denoised = await denoise(latent, sigma)
    const { skip, out } = plan.consistencyAt!(sigma)
    return { ...denoised, latent: combine([out, denoised.latent], [skip, latent]) }
  }
}

/** The recordings' network knows sigma only by its timestep: a fractional one (A1111), or a rounded one (Forge). */
function withNetworkTime(
  denoise: Denoiser,
  { row, plan }: { row: WebuiRecording; plan: SamplingPlan },
): Denoiser {
  const model = createModelSampling()
  let call = 0
  return async (latent, sigma) => {
    const known = isFractional(row) ? model.toSigma(plan.timestepOf(sigma)) : row.model_sigmas![call]!
    call += 1
    const seen = scale(Math.sqrt((1 + known ** 2) / (1 + sigma ** 2)), latent)
    const { latent: clean, unconditional } = await denoise(seen, known)
    const noise = combine([1 / known, seen], [-1 / known, clean])
    return { latent: combine([1, latent], [-sigma, noise]), unconditional }
  }
}
