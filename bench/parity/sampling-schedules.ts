import { MODELS } from '../../apps/gpu-worker/src/engine/denoise/test-kit/recorded-models.ts'
import { toWebuiSampling } from '../../apps/gpu-worker/src/engine/denoise/test-kit/recorded-webui-sampling.ts'
import {
  planComfySigmas,
  listComfySigmas,
  listKsamplerSigmas,
} from '../../apps/gpu-worker/src/engine/denoise/plan-comfy.ts'
import { listWebuiSigmas } from '../../apps/gpu-worker/src/engine/denoise/plan-webui.ts'
import {
  consistencyShares,
  type ModelSampling,
} from '../../apps/gpu-worker/src/engine/denoise/model-sampling.ts'
import { denoisedFactors, inputScale } from '../../apps/gpu-worker/src/engine/denoise/parameterisation.ts'
import { listTimesteps, planImageSteps } from '../../apps/gpu-worker/src/engine/denoise/webui-steps.ts'
import { createTensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { absolute, openTensors, readLines, relative } from './sampling-fixtures.ts'

type Path = (name: string) => string
// Fields differ by kind; a wrong guess shows as a failing case.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Row = Record<string, any> & { kind: string }

const sigmaTolerance = (tag: string | undefined, value: number) =>
  // The tail of zero terminal SNR is a difference of nearly equal numbers.
  (tag === 'zsnr' ? 1e-3 : 1e-5) * Math.abs(value) + 1e-12

/** The tables of alpha-bar and sigma themselves. */
export async function compareTables(path: Path): Promise<Comparison[]> {
  const webui = openTensors(path('schedule_webui.safetensors'))
  const comfy = openTensors(path('schedule_comfy.safetensors'))
  const { sd1, zsnr, lcm } = MODELS as Record<'sd1' | 'zsnr' | 'lcm', ModelSampling>
  const logs = sd1.alphasCumprod.map((alpha) => Math.log((1 - alpha) / alpha) / 2)
  const cases: [string, ArrayLike<number>, ArrayLike<number>, number][] = [
    ['alpha-bar', sd1.alphasCumprod, webui('webui.alphas_cumprod').data, 2e-6],
    ['A1111 sigmas', sd1.sigmas, webui('webui.sigmas').data, 2e-6],
    ['A1111 log sigmas', logs, webui('webui.log_sigmas').data, 2e-6],
    [
      'timestep samplers',
      sd1.sigmas.map((s) => 1 / (s * s + 1)),
      webui('webui.timestep_alphas_cumprod').data,
      2e-6,
    ],
    ['A1111 zero terminal SNR', zsnr.sigmas, webui('webui.zsnr_sigmas').data, 1e-3],
    ['A1111 LCM', lcm.sigmas, webui('webui.lcm_sigmas').data, 2e-6],
    ['ComfyUI sigmas', sd1.sigmas, comfy('comfy.sigmas').data, 2e-6],
    ['ComfyUI log sigmas', logs, comfy('comfy.log_sigmas').data, 2e-6],
    ['ComfyUI zero terminal SNR', zsnr.sigmas, comfy('comfy.zsnr_sigmas').data, 1e-3],
  ]
  return Promise.all(
    cases.map(([name, actual, expected, tolerance]) =>
      compareCase('tables', name, () => compareValues(actual, expected, relative(tolerance))),
    ),
  )
}

/** A1111's schedules, timesteps, image-to-image steps and conversions. */
export async function compareWebuiSchedules(path: Path): Promise<Comparison[]> {
  return Promise.all(
    readLines<Row>(path('sigmas_webui.jsonl')).flatMap((row) => {
      const { kind, sampler, scheduler, steps } = row
      const tag = row['model'] as string | undefined
      if (kind === 'sigmas') {
        const name = [sampler, scheduler, steps, tag, JSON.stringify(row['options'])].join(' ')
        return compareCase('A1111 schedules', name, () =>
          compareValues(
            listWebuiSigmas(toWebuiSampling(row as Row & { sampler: string; steps: number }), steps),
            row['sigmas'] as number[],
            (value) => sigmaTolerance(tag, value),
          ),
        )
      }
      if (kind === 'timesteps') {
        return compareCase('A1111 timesteps', String(steps), () =>
          compareValues(listTimesteps(steps), row['timesteps'], absolute(1e-9)),
        )
      }
      if (kind === 'img2img_steps') {
        const { denoising_strength: strength, img2img_fix_steps: fix, out_steps: out, t_enc: encode } = row
        return compareCase('A1111 image steps', `${steps} ${strength} ${fix}`, () => {
          const planned = planImageSteps(steps, strength, fix)
          return compareValues([planned.steps, planned.encodeStep], [out, encode], absolute(1e-9))
        })
      }
      return compareConversion('A1111 conversions', row)
    }),
  )
}

/** Sigma and timestep conversions of both originals; none for other rows. */
export function compareConversion(group: string, row: Row): Promise<Comparison>[] {
  const rule = row['rule'] as string | undefined
  const model = MODELS[rule ?? 'sd1'] ?? MODELS['sd1']!
  const map = (from: string, convert: (value: number) => number) => (row[from] as number[]).map(convert)
  if (row.kind === 't_to_sigma') {
    return [
      compareCase(group, `t to sigma ${rule ?? ''}`, () =>
        compareValues(
          map('t', (t) => model.toSigma(t)),
          row['sigma'],
          relative(1e-5),
        ),
      ),
    ]
  }
  if (row.kind === 'sigma_to_t') {
    const isFractional = rule === 'k-diffusion' && row['quantize'] === false
    const convert = (sigma: number) =>
      isFractional ? model.toTimestep(sigma) : model.toNearestTimestep(sigma)
    // Near 0 a timestep has no relative precision: the logarithm it comes from is an f32.
    return [
      compareCase(group, `sigma to t ${rule ?? ''} ${String(row['quantize'] ?? '')}`, () =>
        compareValues(
          map('sigma', convert),
          row['t'],
          isFractional ? (t) => 1e-5 * t + 1e-4 : absolute(1e-9),
        ),
      ),
    ]
  }
  if (row.kind === 'percent_to_sigma') {
    return [
      compareCase(group, 'percent to sigma', () =>
        compareValues(
          map('percent', (p) => model.atPercent(p)),
          row['sigma'],
          relative(1e-5),
        ),
      ),
    ]
  }
  return []
}

/** ComfyUI's schedules, KSampler lists, conversions, noise scaling and parameterisations. */
export async function compareComfySchedules(path: Path): Promise<Comparison[]> {
  return Promise.all(
    readLines<Row>(path('sigmas_comfy.jsonl')).flatMap((row) => {
      const { kind, scheduler: schedule, sampler, steps, denoise } = row
      const tag = row['model'] as string
      const name = [sampler, schedule, steps, denoise, tag].join(' ')
      if (kind === 'sigmas' || kind === 'ksampler') {
        const model = MODELS[tag]!
        const list = () =>
          kind === 'sigmas'
            ? listComfySigmas(schedule, steps, model)
            : listKsamplerSigmas({ sampler, schedule, steps, denoise, model })
        const group = kind === 'sigmas' ? 'ComfyUI schedules' : 'ComfyUI KSampler sigmas'
        return compareCase(group, name, () => compareSigmas(list(), row['sigmas'], tag))
      }
      if (kind === 'noise_scaling') return [compareNoiseScaling(row)]
      if (kind === 'parameterisation') return [compareParameterisation(row)]
      return compareConversion('ComfyUI conversions', row)
    }),
  )
}

/** One step of KL Optimal is 0/0 there: such a list is compared without its first value. */
function compareSigmas(
  actual: readonly number[],
  expected: readonly (number | string)[],
  tag: string,
): number {
  const numbers = expected.map(Number)
  const isUndefined = Number.isNaN(numbers[0])
  return compareValues(
    isUndefined ? actual.slice(1) : actual,
    isUndefined ? numbers.slice(1) : numbers,
    (value) => sigmaTolerance(tag, value),
  )
}

function compareNoiseScaling(row: Row): Promise<Comparison> {
  const { sigma, noise, latent, out, max_denoise: isMaximum } = row
  const tensor = (values: number[]) => createTensor([1, 4, 1, 1], Float32Array.from(values))
  return compareCase('ComfyUI noise scaling', `${sigma} ${isMaximum}`, () => {
    // A model whose largest sigma is this one, or one above it, makes the start the maximum or not.
    const model = { ...MODELS['sd1']!, sigmaMax: isMaximum ? sigma : sigma * 2 }
    const plan = planComfySigmas({ sampler: 'euler', sigmas: [sigma, 0], model })
    return compareValues(
      plan.begin(tensor(noise), tensor(latent)).data,
      out,
      (v) => 1e-5 * Math.abs(v) + 1e-7,
    )
  })
}

function compareParameterisation(row: Row): Promise<Comparison> {
  const { type, sigma, x, model_output: output, model_input: input, denoised } = row
  return compareCase('ComfyUI parameterisation', `${type} ${sigma}`, () => {
    const kind = type === 'eps' ? 'epsilon' : type
    // The recordings give EDM the discrete table's data deviation.
    const { fromLatent, fromOutput } = denoisedFactors(kind, sigma, 1)
    const clean = (x as number[]).map((value, i) => value * fromLatent + output[i]! * fromOutput)
    const tolerance = (value: number) => 1e-5 * Math.abs(value) + 1e-6
    const scaled = (x as number[]).map((value) => value * inputScale(sigma))
    return Math.max(compareValues(clean, denoised, tolerance), compareValues(scaled, input, tolerance))
  })
}

/** The clean latent of a distilled model, whose boundary condition joins input and prediction. */
export function compareConsistency(row: Row): Promise<Comparison> {
  const { sigma, x, model_output: output, denoised } = row
  return compareCase('ComfyUI distilled', String(sigma), () => {
    const { skip, out } = consistencyShares(MODELS['lcm']!.toNearestTimestep(sigma))
    const clean = (x as number[]).map((value, i) => out * (value - sigma * output[i]!) + skip * value)
    return compareValues(clean, denoised, (value) => 1e-5 * Math.abs(value) + 1e-6)
  })
}
