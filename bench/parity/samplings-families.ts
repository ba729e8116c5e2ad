import type { ModelRef } from '@atelier/proto'
import { toPixels } from '../../apps/gpu-worker/src/engine/decode/pixels.ts'
import { sliceRows } from '../../apps/gpu-worker/src/engine/denoise/combine.ts'
import type {
  ConditioningValue,
  LatentValue,
  ModelValue,
  NodeContext,
} from '../../apps/gpu-worker/src/engine/node-graph/node-context.ts'
import {
  callNode,
  NodeValue,
  type NodeArgument,
} from '../../apps/gpu-worker/src/engine/nodes/test-kit/call-node.ts'
import { mapTensor } from '../../apps/gpu-worker/src/engine/tensor/blocks.ts'
import { openFixture } from '../../apps/gpu-worker/src/engine/test-kit.ts'
import { createTensor, type Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'
import { TextModels } from '../../apps/gpu-worker/src/engine/text-models.ts'
import { comparePictureBytes } from './compare-pictures.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { absolute, readLines } from './sampling-fixtures.ts'
import type { TinyModels, TinyName } from './tiny-models.ts'

/** Tolerance of a latent where the recordings name none. */
const LATENT = 2e-2
/** Tolerance of an encoded picture on the way, as of hidden layers: flat grey parts enlarge what is rounded. */
const ENCODED = absolute(5e-5)

interface Row {
  readonly case: string
  readonly prompt: string
  readonly negative: string
  readonly steps: number
  readonly cfg: number
  readonly sampler: string
  readonly scheduler: string
  readonly denoise?: number
  readonly size: readonly [number, number]
  readonly batch?: number
  readonly seed: number
  readonly switch_at?: number
  readonly refiner_conditioning?: { readonly aesthetic_score: readonly [number, number] }
  readonly 'with_unet_error_1e-5'?: { readonly latent: number }
}

type Pair = readonly [positive: ConditioningValue, negative: ConditioningValue]
type Recording = ReturnType<typeof openFixture>

/** Whole samplings of the other families, through the nodes that a graph would name. */
class FamilySamplings {
  readonly #models: TinyModels
  readonly #context: NodeContext

  constructor(models: TinyModels) {
    this.#models = models
    this.#context = {
      nodeId: '1',
      job: { cancelled: new AbortController().signal, job: {}, tell: () => undefined },
      models: {
        useCheckpoint: async ({ name }: ModelRef) => ({
          value: models.open(name as TinyName),
          done: () => undefined,
        }),
      },
      texts: new TextModels({ webui: () => new Map(), comfy: () => undefined }),
      advance: () => undefined,
    } as unknown as NodeContext
  }

  async run(className: string, args: Readonly<Record<string, unknown>>): Promise<readonly unknown[]> {
    const wrapped = Object.entries(args).map(([name, value]): [string, NodeArgument] => [
      name,
      typeof value === 'object' ? new NodeValue(value) : (value as NodeArgument),
    ])
    return callNode(className, Object.fromEntries(wrapped), this.#context)
  }

  checkpoint(name: TinyName): ModelValue {
    return { checkpoint: { name } as ModelRef }
  }

  async encode(name: TinyName, text: string): Promise<ConditioningValue> {
    return (await this.run('CLIPTextEncode', { clip: this.checkpoint(name), text }))[0] as ConditioningValue
  }

  async encodePair(name: TinyName, row: Row): Promise<Pair> {
    return [await this.encode(name, row.prompt), await this.encode(name, row.negative)]
  }

  async sample(name: TinyName, row: Row, [positive, negative]: Pair, latent: LatentValue): Promise<Tensor> {
    const [sampled] = await this.run('KSampler', {
      model: this.checkpoint(name),
      ...{ seed: row.seed, steps: row.steps, cfg: row.cfg, denoise: row.denoise ?? 1 },
      ...{ sampler_name: row.sampler, scheduler: row.scheduler },
      ...{ positive, negative, latent_image: latent },
    })
    return (sampled as LatentValue).samples
  }

  /** Decodes with an autoencoder as pictures of bytes. */
  async decode(name: TinyName, latent: Tensor): Promise<number[]> {
    const { vae } = this.#models.open(name)
    const bytes: number[] = []
    for (let row = 0; row < latent.shape[0]!; row += 1)
      bytes.push(...toPixels(await vae!.decode(sliceRows(latent, row, row + 1))).data)
    return bytes
  }
}

function emptyLatent({ size: [height, width], batch = 1 }: Row): LatentValue {
  return { samples: createTensor([batch, 4, Math.floor(height / 8), Math.floor(width / 8)]) }
}

async function compareSdxl(folder: string, samplings: FamilySamplings): Promise<Comparison[]> {
  const tensors = openFixture(new URL(`file://${folder}sdxl_comfy.safetensors`))
  const comparisons: Comparison[] = []
  for (const row of readLines<Row>(`${folder}sdxl_comfy.jsonl`)) {
    const optional = (part: string) =>
      tensors.has(`${row.case}.${part}`) ? tensors.tensor(`${row.case}.${part}`) : undefined
    const source = optional('latent_in')
    const noiseMask = optional('mask')
    const latent: LatentValue = {
      ...(source === undefined ? emptyLatent(row) : { samples: source }),
      ...(noiseMask && { noiseMask }),
    }
    const sampled = await samplings.sample('sdxl', row, await samplings.encodePair('sdxl', row), latent)
    const tolerance = row['with_unet_error_1e-5']?.latent ?? LATENT
    comparisons.push(
      await compareCase('ComfyUI samplings, SDXL', row.case, () =>
        compareValues(sampled.data, optional('latent_out')!.data, absolute(tolerance)),
      ),
      await compareCase('ComfyUI pictures, SDXL', row.case, async () =>
        comparePictureBytes(await samplings.decode('sdxl', sampled), optional('image_u8')!.data),
      ),
    )
  }
  return comparisons
}

/** The checkpoint of a variant's case, and the one whose text encoders and autoencoder go with it. */
function namesOf(name: string): { model: TinyName; texts: TinyName } {
  if (name === 'sdxl_v') return { model: 'sdxl-v', texts: 'sdxl' }
  if (name === 'sdxl_v_ztsnr') return { model: 'sdxl-v-ztsnr', texts: 'sdxl' }
  const family = name.startsWith('sd2') ? 'sd2' : 'sd1'
  if (name.includes('pix2pix')) return { model: 'sd1-pix2pix', texts: 'sd1' }
  return { model: name.includes('inpaint') ? `${family}-inpaint` : family, texts: family }
}

/** What a variant samples with: its conditionings and the latent it starts from, and the errors of making them. */
async function prepareVariant(
  samplings: FamilySamplings,
  row: Row,
  tensors: Recording,
): Promise<{ pair: Pair; latent: LatentValue; error: number }> {
  const [positive, negative] = await samplings.encodePair(namesOf(row.case).texts, row)
  const base = row.case.replace('_no_noise_mask', '').replace('_encode_for_inpaint', '')
  const has = (part: string) => tensors.has(`${base}.${part}`)
  if (!has('pixels_u8')) return { pair: [positive, negative], latent: emptyLatent(row), error: 0 }
  const pixels = mapTensor(tensors.tensor(`${base}.pixels_u8`), (value) => value / 255)
  const vae = samplings.checkpoint('sd1')
  if (!has('mask')) {
    const args = { positive, negative, vae, pixels }
    const [first, second, latent] = await samplings.run('InstructPixToPixConditioning', args)
    return {
      pair: [first as ConditioningValue, second as ConditioningValue],
      latent: latent as LatentValue,
      error: 0,
    }
  }
  const mask = tensors.tensor(`${base}.mask`)
  if (row.case.endsWith('_encode_for_inpaint')) {
    const [latent] = await samplings.run('VAEEncodeForInpaint', { vae, pixels, mask, grow_mask_by: 4 })
    return { pair: [positive, negative], latent: latent as LatentValue, error: 0 }
  }
  const [first, second, latent] = await samplings.run('InpaintModelConditioning', {
    ...{ positive, negative, vae, pixels, mask, noise_mask: !row.case.endsWith('_no_noise_mask') },
  })
  const shown = first as ConditioningValue
  const compare = (actual: Tensor, part: string) =>
    compareValues(actual.data, tensors.tensor(`${base}.${part}`).data, ENCODED)
  return {
    pair: [shown, second as ConditioningValue],
    latent: latent as LatentValue,
    error: Math.max(
      compare(shown[0]!.concatLatent!, 'concat_latent'),
      compare((latent as LatentValue).samples, 'latent_in'),
    ),
  }
}

async function compareVariants(folder: string, samplings: FamilySamplings): Promise<Comparison[]> {
  const tensors = openFixture(new URL(`file://${folder}variants_comfy.safetensors`))
  const comparisons: Comparison[] = []
  for (const row of readLines<Row>(`${folder}variants_comfy.jsonl`)) {
    if (row.switch_at !== undefined) {
      comparisons.push(
        await compareCase('ComfyUI samplings, variants', row.case, () =>
          compareHandOver(samplings, row, tensors),
        ),
      )
      continue
    }
    const { pair, latent, error } = await prepareVariant(samplings, row, tensors)
    const sampled = await samplings.sample(namesOf(row.case).model, row, pair, latent)
    const expected = (part: string) => tensors.tensor(`${row.case}.${part}`).data
    comparisons.push(
      await compareCase('ComfyUI samplings, variants', row.case, () =>
        Math.max(error, compareValues(sampled.data, expected('latent_out'), absolute(LATENT))),
      ),
    )
    if (!tensors.has(`${row.case}.image_u8`)) continue
    comparisons.push(
      await compareCase('ComfyUI pictures, variants', row.case, async () =>
        comparePictureBytes(await samplings.decode('sd1', sampled), expected('image_u8')),
      ),
    )
  }
  return comparisons
}

/** The base for the first steps, the refiner for the others. */
async function compareHandOver(samplings: FamilySamplings, row: Row, tensors: Recording): Promise<number> {
  const [height, width] = row.size
  const switchAt = row.switch_at!
  const [high, low] = row.refiner_conditioning!.aesthetic_score
  const refine = async (text: string, ascore: number) =>
    (
      await samplings.run('CLIPTextEncodeSDXLRefiner', {
        ...{ clip: samplings.checkpoint('refiner'), text, ascore, width, height },
      })
    )[0] as ConditioningValue
  const sample = async (name: TinyName, pair: Pair, latent: LatentValue, steps: Record<string, unknown>) => {
    const [sampled] = await samplings.run('KSamplerAdvanced', {
      model: samplings.checkpoint(name),
      ...{ noise_seed: row.seed, steps: row.steps, cfg: row.cfg },
      ...{ sampler_name: row.sampler, scheduler: row.scheduler },
      ...{ positive: pair[0], negative: pair[1], latent_image: latent, ...steps },
    })
    return sampled as LatentValue
  }
  const first = await sample('sdxl', await samplings.encodePair('sdxl', row), emptyLatent(row), {
    ...{ add_noise: 'enable', start_at_step: 0, end_at_step: switchAt },
    return_with_leftover_noise: 'enable',
  })
  const pair: Pair = [await refine(row.prompt, high), await refine(row.negative, low)]
  const second = await sample('refiner', pair, first, {
    ...{ add_noise: 'disable', start_at_step: switchAt, end_at_step: 10_000 },
    return_with_leftover_noise: 'disable',
  })
  const compare = (actual: LatentValue, part: string) =>
    compareValues(actual.samples.data, tensors.tensor(`${row.case}.${part}`).data, absolute(LATENT))
  return Math.max(compare(first, 'base_latent'), compare(second, 'latent_out'))
}

/** Compares whole samplings of SDXL, SD2 and the models of more channels. */
export async function compareFamilies(folder: string, models: TinyModels): Promise<Comparison[]> {
  const samplings = new FamilySamplings(models)
  const path = `${folder}models/sampling/`
  return [...(await compareSdxl(path, samplings)), ...(await compareVariants(path, samplings))]
}
