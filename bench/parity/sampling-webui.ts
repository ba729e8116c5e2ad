import { combine, scale } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import { createKeepingDenoiser } from '../../apps/gpu-worker/src/engine/denoise/keep-latent.ts'
import { createModelSampling } from '../../apps/gpu-worker/src/engine/denoise/model-sampling.ts'
import { prepareBatchNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/batch-noise.ts'
import { createWebuiNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/sampler-noise.ts'
import { TorchGenerator } from '../../apps/gpu-worker/src/engine/denoise/noise/torch-generator.ts'
import type { SamplingPlan } from '../../apps/gpu-worker/src/engine/denoise/plan.ts'
import { planWebui, toWebuiSamplerOptions } from '../../apps/gpu-worker/src/engine/denoise/plan-webui.ts'
import type { Denoiser } from '../../apps/gpu-worker/src/engine/denoise/sampler.ts'
import { createSkipRule } from '../../apps/gpu-worker/src/engine/denoise/skip-unconditional.ts'
import { countElements, createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { createAnalyticDenoiser, openTensors, readLines } from './sampling-fixtures.ts'
import { createImageNoise } from './sampling-noise.ts'
import { toWebuiSampling } from './sampling-schedules.ts'

/** A recorded run. */
interface Row {
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

/** Every sampler run of the WebUI recordings. */
export async function compareWebuiSamplers(path: (name: string) => string): Promise<Comparison[]> {
  const tensors = openTensors(path('samplers/webui.safetensors'))
  return Promise.all(
    readLines<Row>(path('samplers_webui.jsonl')).map((row) =>
      compareCase(`A1111 ${row.sampler}`, row.key, async () => {
        if (row.error !== undefined) return (await isRefused(row)) ? 0 : Infinity
        const out = tensors(`${row.key}/out`)
        const { result, calls } = await runRow(row, out.shape)
        const isAdaptive = row.sampler === 'DPM adaptive'
        if (isAdaptive && calls !== row.model_sigmas?.length) return Infinity
        return compareValues(result.data, out.data, () => 1e-4 + 20 * (row.spread ?? 0))
      }),
    ),
  )
}

async function isRefused(row: Row): Promise<boolean> {
  try {
    await runRow(row, [1, 4, 8, 8])
    return false
  } catch {
    return true
  }
}

const isFractional = ({ variant }: Row) => variant === 'fractional-t'

async function runRow(row: Row, shape: readonly number[]): Promise<{ result: Tensor; calls: number }> {
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
function prepareDenoiser(row: Row, { plan, source, drawGlobal, secondOrder }: Surroundings): Denoiser {
  const { p = {}, options = {}, variant } = row
  const analytic = createAnalyticDenoiser({
    ...(variant === 'a1111-cfgpp' ? { guidanceFactor: plan.guidanceFactor ?? 1 } : {}),
    skips: createSkipRule({
      sigmaBelow: p['s_min_uncond'] ?? 0,
      skipsAll: false,
      earlyShare: Number(options['skip_early_cond'] ?? 0),
      totalCalls: secondOrder === 'heun' ? 2 * row.steps : row.steps,
    }),
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
function withNetworkTime(denoise: Denoiser, { row, plan }: { row: Row; plan: SamplingPlan }): Denoiser {
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
