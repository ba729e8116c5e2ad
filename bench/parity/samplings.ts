/** Compares whole samplings and pictures of every family with the recordings. Run: node --import tsx bench/parity/samplings.ts */
import { resolveWebuiSampling } from '@atelier/catalog'
import { toPixels } from '../../apps/gpu-worker/src/engine/decode/pixels.ts'
import { sliceRows } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import { createGuidedDenoiser } from '../../apps/gpu-worker/src/engine/denoise/guidance.ts'
import { createModelSampling } from '../../apps/gpu-worker/src/engine/denoise/model-sampling.ts'
import { ImageNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/image-noise.ts'
import { createWebuiNoise } from '../../apps/gpu-worker/src/engine/denoise/noise/sampler-noise.ts'
import { planWebui, toWebuiSamplerOptions } from '../../apps/gpu-worker/src/engine/denoise/plan-webui.ts'
import { runSampling } from '../../apps/gpu-worker/src/engine/denoise/run-sampling.ts'
import { toVaeLatent } from '../../apps/gpu-worker/src/engine/models/latent-format.ts'
import { loadCheckpoint } from '../../apps/gpu-worker/src/engine/models/load-model.ts'
import type { NodeContext } from '../../apps/gpu-worker/src/engine/node-graph/node-context.ts'
import { sampleLatent } from '../../apps/gpu-worker/src/engine/nodes/sample-latent.ts'
import { openFixture, TEST_SESSION, unpackTinyCheckpoint } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { encodeComfyPrompt } from '../../apps/gpu-worker/src/engine/text-encode/encode-comfy-prompt.ts'
import { TextModels } from '../../apps/gpu-worker/src/engine/text-models.ts'
import { comparePictureBytes } from './compare-pictures.ts'
import { compareCase, compareValues, findFixtures, report, type Comparison } from './report.ts'
import { absolute, readLines } from './sampling-fixtures.ts'
import { compareFamilies } from './samplings-families.ts'
import { TinyModels } from './tiny-models.ts'

const folder = findFixtures()
if (folder === undefined) process.exit(0)
const { value: loaded } = loadCheckpoint(unpackTinyCheckpoint(), 'tiny', TEST_SESSION)
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const encode = (prompt: string) => encodeComfyPrompt(prompt, texts.comfy(loaded.model, undefined))
const open = (name: string) => openFixture(new URL(`file://${folder}models/sampling/${name}.safetensors`))
/** Tolerance of a latent where the recordings name none. */
const LATENT = 2e-2

async function comparePictures(unscaled: Tensor, expected: Tensor): Promise<number> {
  const bytes: number[] = []
  for (let row = 0; row < unscaled.shape[0]!; row += 1)
    bytes.push(...toPixels(await loaded.vae!.decode(sliceRows(unscaled, row, row + 1))).data)
  return comparePictureBytes(bytes, expected.data)
}

interface ComfyRow {
  readonly case: string
  readonly prompt: string
  readonly negative: string
  readonly steps: number
  readonly cfg: number
  readonly sampler: string
  readonly scheduler: string
  readonly denoise: number
  readonly size: [number, number]
  readonly batch: number
  readonly seed: number
  readonly from?: string
  readonly advanced?: { add_noise: string; start: number; end: number; leftover: string }
  readonly 'with_unet_error_1e-5'?: { latent: number }
}

const CONTEXT = {
  nodeId: '1',
  job: { cancelled: new AbortController().signal, job: {}, tell: () => undefined },
  models: { useCheckpoint: async () => ({ value: loaded, done: () => undefined }) },
  advance: () => undefined,
} as unknown as NodeContext

async function runComfy(row: ComfyRow, source: Tensor, noiseMask: Tensor | undefined): Promise<Tensor> {
  const { sampler, scheduler: schedule, steps, denoise, advanced } = row
  const { samples } = await sampleLatent(
    {
      model: { checkpoint: {} as never },
      seed: BigInt(row.seed),
      guidanceScale: row.cfg,
      positive: [await encode(row.prompt)],
      negative: [await encode(row.negative)],
      latent: { samples: source, ...(noiseMask ? { noiseMask } : {}) },
      sampling: {
        sampler,
        schedule,
        steps,
        denoise,
        startStep: advanced?.start,
        endStep: advanced?.end,
        forcesFullDenoise: advanced !== undefined && advanced.leftover !== 'enable',
      },
      addsNoise: advanced?.add_noise !== 'disable',
    },
    CONTEXT,
  )
  return samples
}

async function compareComfy(): Promise<Comparison[]> {
  const tensors = open('sd1_comfy')
  const results = new Map<string, Tensor>()
  const comparisons: Comparison[] = []
  for (const row of readLines<ComfyRow>(`${folder}models/sampling/sd1_comfy.jsonl`)) {
    const optional = (name: string) =>
      tensors.has(`${row.case}.${name}`) ? tensors.tensor(`${row.case}.${name}`) : undefined
    const [height, width] = row.size
    const empty = () => createTensor([row.batch, 4, Math.floor(height / 8), Math.floor(width / 8)])
    const source = (row.from ? results.get(row.from) : undefined) ?? optional('latent_in') ?? empty()
    comparisons.push(
      await compareCase('ComfyUI samplings, SD1', row.case, async () => {
        const result = await runComfy(row, source, optional('noise_mask') ?? optional('mask'))
        results.set(row.case, result)
        const tolerance = row['with_unet_error_1e-5']?.latent ?? LATENT
        return compareValues(result.data, optional('latent_out')!.data, absolute(tolerance))
      }),
      await compareCase('ComfyUI pictures, SD1', row.case, () =>
        comparePictures(results.get(row.case)!, optional('image_u8')!),
      ),
    )
  }
  return comparisons
}

interface WebuiRow {
  readonly case: string
  readonly sampler: string
  readonly scheduler: string
  readonly steps: number
  readonly cfg_scale: number
  readonly seeds: number[]
  readonly height: number
  readonly width: number
  readonly prompt: string
  readonly negative_prompt: string
  readonly timesteps: number[]
}

async function runWebui(row: WebuiRow): Promise<{ latent: Tensor; timesteps: number[] }> {
  const { sampler, schedule } = resolveWebuiSampling(
    row.sampler,
    row.scheduler === 'auto' ? 'uniform' : row.scheduler,
  )
  const plan = planWebui({
    sampler: sampler.id,
    schedule: schedule.name,
    steps: row.steps,
    runsAllSteps: false,
    sigmaMin: 0,
    sigmaMax: 0,
    rho: 0,
    alwaysDiscardsPenultimate: false,
    model: createModelSampling(),
  })
  const seeds = row.seeds.map(BigInt)
  const shape = [4, row.height / 8, row.width / 8] as const
  const images = new ImageNoise({
    kind: 'cpu',
    shape,
    seeds,
    subseeds: [],
    subseedStrength: 0,
    etaSeedDelta: 0n,
  })
  const startNoise = images.next()
  const [positive, negative] = [await encode(row.prompt), await encode(row.negative_prompt)]
  const timesteps: number[] = []
  const { latent } = await runSampling({
    plan,
    denoise: createGuidedDenoiser({
      network: (inputs) => {
        timesteps.push(inputs.timesteps[0]!)
        return loaded.model.predict(inputs)
      },
      conditioningAt: () => ({
        positive: seeds.map(() => [{ weight: 1, tokens: positive.tokens }]),
        negative: seeds.map(() => [{ weight: 1, tokens: negative.tokens }]),
      }),
      guidanceScale: row.cfg_scale,
      prediction: 'epsilon',
      plan,
    }),
    noise: createWebuiNoise(images, {
      kind: 'cpu',
      seeds,
      shape: startNoise.shape,
      range: plan.brownianRange,
    }),
    startNoise,
    options: toWebuiSamplerOptions(sampler.id, { sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity }),
    isStopped: () => false,
    onStep: async () => undefined,
  })
  return { latent, timesteps }
}

async function compareWebui(): Promise<Comparison[]> {
  const tensors = open('sd1_a1111')
  const comparisons: Comparison[] = []
  for (const row of readLines<WebuiRow>(`${folder}models/sampling/sd1_a1111.jsonl`)) {
    const result = await runWebui(row)
    comparisons.push(
      await compareCase('A1111 samplings, SD1', row.case, () =>
        Math.max(
          compareValues(result.latent.data, tensors.tensor(`${row.case}.latent_out`).data, absolute(LATENT)),
          compareValues(result.timesteps, row.timesteps, absolute(0.05)),
        ),
      ),
      await compareCase('A1111 pictures, SD1', row.case, () =>
        comparePictures(
          toVaeLatent(result.latent, loaded.model.latents),
          tensors.tensor(`${row.case}.image_u8`),
        ),
      ),
    )
  }
  return comparisons
}

const comparisons = [
  ...(await compareComfy()),
  ...(await compareWebui()),
  ...(await compareFamilies(folder, new TinyModels(folder))),
]
process.exitCode = report('samplings', 'Whole samplings and pictures', comparisons) ? 0 : 1
