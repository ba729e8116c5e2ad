/** Compares noise, schedules and samplers with the recordings. Run: node --import tsx bench/parity/sampling.ts */
import { resolveWebuiSampling } from '@atelier/catalog'
import { BrownianTree } from '../../apps/gpu-worker/src/engine/denoise/noise/brownian-tree.ts'
import { createModelSampling } from '../../apps/gpu-worker/src/engine/denoise/model-sampling.ts'
import { createGenerator } from '../../apps/gpu-worker/src/engine/denoise/noise/generator.ts'
import { ImageNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/image-noise.ts'
import { philoxWords } from '../../apps/gpu-worker/src/engine/denoise/noise/philox.ts'
import { prepareBatchNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/batch-noise.ts'
import {
  createComfyNoise,
  createWebuiNoise,
} from '../../apps/gpu-worker/src/engine/denoise/noise/sampler-noise.ts'
import { slerp } from '../../apps/gpu-worker/src/engine/denoise/noise/slerp.ts'
import { TorchGenerator } from '../../apps/gpu-worker/src/engine/denoise/noise/torch-generator.ts'
import {
  listKsamplerSigmas,
  planComfy,
  listComfySigmas,
} from '../../apps/gpu-worker/src/engine/denoise/plan-comfy.ts'
import {
  listTimesteps,
  listWebuiSigmas,
  planImageSteps,
  planWebui,
  toWebuiSamplerOptions,
} from '../../apps/gpu-worker/src/engine/denoise/plan-webui.ts'
import { joinRows, scale } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import type { Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'
import { analyticDenoiser, openTensors, readLines } from './sampling-fixtures.ts'

/** A recorded case; its fields depend on its kind, and a wrong reading of one shows as a failed comparison. */
interface Row {
  readonly kind: string
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- recordings are not ours to type
  readonly [field: string]: any
}

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const path = (name: string) => `${folder}sampling/${name}`
const model = createModelSampling()
const comparisons: Comparison[] = []
const relative = (tolerance: number) => (value: number) => tolerance * Math.abs(value) + 1e-12
const absolute = (tolerance: number) => () => tolerance
const notYet = (error: Error): string | undefined =>
  /not supported yet|there is no schedule/.test(error.message)
    ? 'sampler, schedule or option not built yet'
    : undefined

async function add(group: string, name: string, compute: () => number | Promise<number>): Promise<void> {
  comparisons.push(await compareCase(group, name, compute, notYet))
}

const webuiSampling = (row: {
  sampler: string
  scheduler: string
  steps: number
  options?: Record<string, unknown>
}) => {
  const { sampler, schedule } = resolveWebuiSampling(row.sampler, row.scheduler)
  if (sampler.name !== row.sampler || (schedule.label !== row.scheduler && schedule.name !== row.scheduler)) {
    throw new Error(`sampler ${row.sampler} with ${row.scheduler} is not supported yet (Forge only)`)
  }
  const number = (name: string) => Number(row.options?.[name] ?? 0)
  return {
    sampler: sampler.id,
    schedule: schedule.name,
    steps: row.steps,
    runsAllSteps: row.options?.['img2img_fix_steps'] === true,
    sigmaMin: number('sigma_min'),
    sigmaMax: number('sigma_max'),
    rho: number('rho'),
    alwaysDiscardsPenultimate: row.options?.['always_discard_next_to_last_sigma'] === true,
    model,
  }
}

async function compareSchedules(): Promise<void> {
  for (const row of readLines<Row>(path('sigmas_webui.jsonl'))) {
    const { kind, sampler, scheduler, steps, sigmas, timesteps } = row
    if (kind === 'sigmas' && row['model'] === undefined && row['error'] === undefined) {
      await add('A1111 schedules', `${sampler} ${scheduler} ${steps}`, () =>
        compareValues(listWebuiSigmas(webuiSampling(row as never), steps), sigmas as number[], relative(1e-5)),
      )
    }
    if (kind === 'timesteps')
      await add('A1111 timesteps', steps, () =>
        compareValues(listTimesteps(steps), timesteps, absolute(1e-9)),
      )
    if (kind === 'img2img_steps') {
      const { denoising_strength: strength, img2img_fix_steps: fix, out_steps: out, t_enc: encode } = row
      await add('A1111 image steps', `${steps} ${strength} ${fix}`, () => {
        const planned = planImageSteps(steps, strength, fix)
        return compareValues([planned.steps, planned.encodeStep], [out, encode], absolute(1e-9))
      })
    }
  }
  for (const row of readLines<Row>(path('sigmas_comfy.jsonl'))) {
    const { kind, scheduler: schedule, sampler, steps, denoise, sigmas } = row
    const isSd1 = row['model'] === undefined || row['model'] === 'sd1'
    if (row['error'] !== undefined || !isSd1) continue
    const expected = ((sigmas as (number | string)[]) ?? []).map(Number)
    // One step of KL Optimal is 0/0 there; ours starts at the largest sigma.
    if (expected.some(Number.isNaN)) continue
    if (kind === 'sigmas') {
      await add('ComfyUI schedules', `${schedule} ${steps}`, () =>
        compareValues(listComfySigmas(schedule, steps, model), expected, relative(1e-5)),
      )
    }
    if (kind === 'ksampler') {
      await add('ComfyUI KSampler sigmas', `${sampler} ${schedule} ${steps} ${denoise}`, () =>
        compareValues(
          listKsamplerSigmas({ sampler, schedule, steps, denoise, model }),
          expected,
          relative(1e-5),
        ),
      )
    }
    if (kind === 't_to_sigma') {
      await add('conversions', 't to sigma', () =>
        compareValues(
          (row['t'] as number[]).map((t) => model.toSigma(t)),
          row['sigma'],
          relative(1e-5),
        ),
      )
    }
    if (kind === 'sigma_to_t') {
      await add('conversions', 'sigma to t', () =>
        compareValues(
          (row['sigma'] as number[]).map((s) => model.toNearestTimestep(s)),
          row['t'],
          absolute(0.5),
        ),
      )
    }
  }
}

async function compareNoise(): Promise<void> {
  const tensors = openTensors(path('noise.safetensors'))
  for (const row of readLines<Row>(path('noise.jsonl'))) {
    const { kind, n, values, first } = row
    const seed = BigInt(row['seed'] ?? 0)
    if (kind === 'randn' && (row['dtype'] === undefined || row['dtype'] === 'float32')) {
      const expected = (values ?? first) as number[]
      await add('torch normals', `${seed} ${n}`, () =>
        compareValues(
          new TorchGenerator(seed).drawNormal(n).slice(0, expected.length),
          expected,
          absolute(2e-6),
        ),
      )
    }
    if (kind === 'comfy_prepare_noise') {
      await add('ComfyUI start noise', `${seed} ${row['shape']}`, () =>
        compareValues(
          prepareBatchNoise(seed, row['shape'], row['noise_inds'] ?? undefined).data,
          tensors(row['tensor']).data,
          absolute(2e-6),
        ),
      )
    }
  }
  const webui = openTensors(path('noise_webui.safetensors'))
  for (const row of readLines<Row>(path('noise_webui.jsonl'))) {
    const { kind, offset, words } = row
    if (kind === 'philox_words') {
      await add('Philox words', `${row['seed']} ${offset}`, () =>
        compareValues(
          (words as number[][]).flatMap((_, i) => philoxWords([offset, 0, i, 0], BigInt(row['seed']))),
          (words as number[][]).flat(),
          absolute(0.5),
        ),
      )
    }
    if (kind === 'image_rng')
      await add('A1111 image noise', row['tensor'], () => compareImageNoise(row, webui(row['tensor'])))
    if (kind === 'slerp') {
      await add('A1111 slerp', row['tensor'], () => {
        const [low, high] = [webui(row['low']), webui(row['high'])]
        return compareValues(slerp(row['val'], low, high).data, webui(row['tensor']).data, absolute(5e-6))
      })
    }
  }
}

function imageNoiseOf(
  row: Record<string, unknown>,
  shape: [number, number, number],
  seeds: bigint[],
): ImageNoise {
  const number = (name: string) => Number(row[name] ?? 0)
  const [height, width] = [number('seed_resize_from_h'), number('seed_resize_from_w')]
  return new ImageNoise({
    kind: row['source'] === 'NV' ? 'philox' : 'cpu',
    shape,
    seeds,
    subseeds: ((row['subseeds'] as (string | number)[] | undefined) ?? []).map(BigInt),
    subseedStrength: number('subseed_strength'),
    ...(height > 0 && width > 0
      ? { resizeFrom: { height: Math.floor(height / 8), width: Math.floor(width / 8) } }
      : {}),
    etaSeedDelta: BigInt(number('eta_noise_seed_delta')),
  })
}

function compareImageNoise(row: Row, expected: Tensor): number {
  const noise = imageNoiseOf(row, row['shape'], (row['seeds'] as string[]).map(BigInt))
  const drawn = Array.from({ length: row['draws'] }, () => noise.next())
  return compareValues(joinRows(drawn).data, expected.data, absolute(5e-6))
}

async function compareBrownian(): Promise<void> {
  const tensors = openTensors(path('brownian.safetensors'))
  for (const row of readLines<Row>(path('brownian.jsonl'))) {
    if (row.kind !== 'tree') continue
    const shape = row['shape'] as number[]
    const count = shape.reduce((product, size) => product * size, 1)
    const draw = (seed: bigint) => createGenerator('cpu', seed).drawNormal(count)
    await add('Brownian trees', row['tensor'], () => {
      const tree = new BrownianTree(
        { from: row['sigma_min'], to: row['sigma_max'] },
        BigInt(row['seed']),
        draw,
      )
      const increments = (row['queries'] as [number, number][]).map(([a, b]) =>
        tree.increment(Math.min(a, b), Math.max(a, b)),
      )
      return compareValues(
        increments.flatMap((values) => [...values]),
        tensors(`${row['tensor']}.w`).data,
        absolute(1e-5),
      )
    })
  }
}

/** Fixture options that are not built into plans yet. */
const OPTIONS_NOT_BUILT = ['sgm_noise_multiplier', 'skip_early_cond', 'img2img_extra_noise']

async function compareWebuiSamplers(): Promise<void> {
  const tensors = openTensors(path('samplers/webui.safetensors'))
  for (const row of readLines<Row>(path('samplers_webui.jsonl'))) {
    const { key, seeds, p = {}, options = {}, rng = {} } = row
    await add(`A1111 ${row['sampler']}`, key, async () => {
      if (row['error'] !== undefined) return (await runsWithoutError(row)) ? Infinity : 0
      const out = tensors(`${key}/out`)
      if (
        row['variant'] !== undefined ||
        Object.keys(options).some((name) => OPTIONS_NOT_BUILT.includes(name)) ||
        's_min_uncond' in (p as object)
      ) {
        if (!['a1111-lcm'].includes(row['variant'])) throw new Error('option not supported yet')
      }
      const result = await runWebui(row, seeds, out.shape, { p, options, rng })
      return compareValues(result.data, out.data, () => 1e-4 + 20 * row['spread'])
    })
  }
}

async function runsWithoutError(row: Row): Promise<boolean> {
  try {
    const { seeds, p = {}, options = {}, rng = {} } = row
    await runWebui(row, seeds, [1, 4, 8, 8], { p, options, rng })
    return true
  } catch (error) {
    if (notYet(error as Error) !== undefined) throw error
    return false
  }
}

interface WebuiExtras {
  readonly p: Record<string, number>
  readonly options: Record<string, unknown>
  readonly rng: Record<string, unknown>
}

async function runWebui(
  row: Row,
  seedNumbers: number[],
  shape: readonly number[],
  { p, options, rng }: WebuiExtras,
): Promise<Tensor> {
  const seeds = seedNumbers.map(BigInt)
  const isImage = row['mode'] === 'img2img'
  const plan = planWebui({
    ...webuiSampling({ ...row, options } as never),
    strength: isImage ? p['denoising_strength'] : undefined,
  })
  const [, channels, height, width] = shape as [number, number, number, number]
  const kind = options['randn_source'] === 'NV' ? ('philox' as const) : ('cpu' as const)
  const settings = {
    ...rng,
    source: options['randn_source'] ?? 'CPU',
    eta_noise_seed_delta: options['eta_noise_seed_delta'] ?? 0,
  }
  const images = imageNoiseOf(settings, [channels, height, width], seeds)
  const source = isImage ? scale(0.5, prepareBatchNoise(99n, shape)) : undefined
  const start = plan.begin(images.next(), source)
  const noise = createWebuiNoise(images, { kind, seeds, shape, range: plan.brownianRange })
  // A consistency model's shares act on the analytic prediction, as on a network's.
  const denoise: typeof analyticDenoiser = async (latent, sigma) => {
    const shares = row['variant'] === 'a1111-lcm' ? plan.consistencyAt?.(sigma) : undefined
    const denoised = await analyticDenoiser(latent, sigma)
    if (shares === undefined) return denoised
    const data = denoised.latent.data.map((value, i) => shares.out * value + shares.skip * latent.data[i]!)
    return { ...denoised, latent: { ...denoised.latent, data } }
  }
  const result = await plan.sampler(start, {
    denoise,
    sigmas: plan.sigmas,
    noise,
    options: toWebuiSamplerOptions(webuiSampling({ ...row, options } as never).sampler, {
      eta: p['eta'],
      sNoise: p['s_noise'] ?? 1,
      sChurn: p['s_churn'] ?? 0,
      sTmin: p['s_tmin'] ?? 0,
      // The recordings set the field itself, past the constructor that reads 0 as no limit.
      sTmax: p['s_tmax'] ?? 0,
    }),
    onStep: async () => undefined,
  })
  return plan.end(result)
}

async function compareComfySamplers(): Promise<void> {
  const tensors = openTensors(path('samplers/comfy.safetensors'))
  for (const row of readLines<Row>(path('samplers_comfy.jsonl'))) {
    const { key, sampler, scheduler, steps, denoise, options = {} } = row
    await add(`ComfyUI ${sampler}`, key, async () => {
      const out = tensors(`${key}/out`)
      if (row['model'] !== undefined || row['inpaint'] !== undefined)
        throw new Error('option not supported yet')
      const [from, to] = (row['slice'] as [number, number] | undefined) ?? []
      const whole = planComfy({ sampler, schedule: scheduler, steps, denoise, model, startStep: from })
      const plan = to === undefined ? whole : { ...whole, sigmas: whole.sigmas.slice(0, to - (from ?? 0)) }
      const seed = BigInt(row['seed'])
      const source = row['latent'] === true ? scale(0.5, prepareBatchNoise(99n, out.shape)) : undefined
      const values = options as Record<string, number>
      const result = await plan.sampler(plan.begin(prepareBatchNoise(seed, out.shape), source), {
        denoise: analyticDenoiser,
        sigmas: plan.sigmas,
        noise: createComfyNoise(seed, out.shape, plan.brownianRange),
        options: {
          eta: values['eta'],
          sNoise: values['s_noise'] ?? 1,
          sChurn: values['s_churn'] ?? 0,
          sTmin: values['s_tmin'] ?? 0,
          sTmax: values['s_tmax'] ?? Infinity,
          flavour: 'comfy',
        },
        onStep: async () => undefined,
      })
      return compareValues(plan.end(result).data, out.data, () => 1e-4 + 20 * row['spread'])
    })
  }
}

await compareSchedules()
await compareNoise()
await compareBrownian()
await compareWebuiSamplers()
await compareComfySamplers()
process.exitCode = report('sampling', 'Noise, schedules, samplers', comparisons) ? 0 : 1
