import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadCheckpoint } from '../../models/load-model.ts'
import { createTensor } from '../../tensor/tensor.ts'
import { maxDifference, TEST_SESSION, unpackTinyCheckpoint } from '../../test-kit.ts'
import { detectModel } from '../detect-model.ts'
import { readSafetensors } from '../safetensors.ts'
import { writeTensors } from '../test-kit.ts'
import { listParts, readDiffusersFolder } from './read-folder.ts'

const recorded = JSON.parse(readFileSync(new URL('__fixtures__/names.json', import.meta.url), 'utf8')) as {
  sd1: { unet: Record<string, string> }
  sdxl: { vae: Record<string, string> }
}
const single = unpackTinyCheckpoint()
const checkpoint = readSafetensors(single)
const UNET = 'model.diffusion_model.'
const VAE = 'first_stage_model.'
const TEXT = 'cond_stage_model.transformer.'

/** Names for a component's file; the few whose bytes differ (other element types) are completed by hand. */
const unetNames = new Map(
  Object.entries({
    ...recorded.sd1.unet,
    'conv_in.weight': 'input_blocks.0.0.weight',
    'conv_in.bias': 'input_blocks.0.0.bias',
    'conv_out.weight': 'out.2.weight',
    'conv_out.bias': 'out.2.bias',
    'conv_norm_out.weight': 'out.0.weight',
    'conv_norm_out.bias': 'out.0.bias',
  }).map(([name, original]) => [name, UNET + original]),
)
const vaeNames = new Map(Object.entries(recorded.sdxl.vae).map(([name, original]) => [name, VAE + original]))
const textNames = new Map(
  [...checkpoint.tensors.keys()]
    .filter((name) => name.startsWith(TEXT))
    .map((name) => [name.slice(TEXT.length), name]),
)

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, JSON.stringify(value))
}

/** The tiny checkpoint as a Diffusers pipeline. */
function makeFolder(
  options: { variant?: string; scheduler?: object; unet?: object; vae?: object } = {},
): string {
  const root = mkdtempSync(join(tmpdir(), 'pipeline-'))
  const infix = options.variant === undefined ? '' : `.${options.variant}`
  for (const name of ['unet', 'vae', 'text_encoder', 'scheduler']) mkdirSync(join(root, name))
  writeTensors(join(root, `unet/diffusion_pytorch_model${infix}.safetensors`), checkpoint, unetNames)
  writeTensors(join(root, `vae/diffusion_pytorch_model${infix}.safetensors`), checkpoint, vaeNames)
  writeTensors(join(root, `text_encoder/model${infix}.safetensors`), checkpoint, textNames)
  writeJson(join(root, 'scheduler/scheduler_config.json'), {
    _class_name: 'PNDMScheduler',
    beta_schedule: 'scaled_linear',
    beta_start: 0.00085,
    beta_end: 0.012,
    ...options.scheduler,
  })
  writeJson(join(root, 'unet/config.json'), {
    attention_head_dim: 8,
    block_out_channels: [32, 64, 64, 64],
    ...options.unet,
  })
  writeJson(join(root, 'vae/config.json'), { scaling_factor: 0.18215, ...options.vae })
  writeJson(join(root, 'model_index.json'), {
    _class_name: 'StableDiffusionPipeline',
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
    text_encoder: ['transformers', 'CLIPTextModel'],
    scheduler: ['diffusers', 'PNDMScheduler'],
    safety_checker: [null, null],
  })
  return root
}

async function predict(path: string) {
  const { value, release } = loadCheckpoint(path, 'x', TEST_SESSION)
  const latent = createTensor(
    [1, 4, 8, 8],
    Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
  )
  const context = createTensor(
    [1, 77, 64],
    Float32Array.from({ length: 77 * 64 }, (_, i) => Math.cos(i)),
  )
  const prediction = await value.model.predict({ latent, timesteps: Float32Array.of(500), context })
  const tokens = [[49406, ...Array<number>(76).fill(49407)]]
  const request = { tokens, vectors: [], layer: 1, finalNorm: true }
  const encoded = await value.model.textEncoders[0]!.encode(request)
  const decoded = value.vae && (await value.vae.decode(latent))
  await release()
  return { prediction, hidden: encoded.hidden, decoded: decoded! }
}

describe('readDiffusersFolder', () => {
  it('gives the tensors of the single file, and the same answers of every network', async () => {
    const folder = makeFolder()
    expect(detectModel(readDiffusersFolder(folder))).toMatchObject({ family: 'sd1', prediction: 'epsilon' })
    const [actual, expected] = [await predict(folder), await predict(single)]
    expect(maxDifference(actual.prediction, expected.prediction)).toBe(0)
    expect(maxDifference(actual.hidden, expected.hidden)).toBe(0)
    expect(maxDifference(actual.decoded, expected.decoded)).toBe(0)
  })

  it('finds weights of a variant', () => {
    const file = readDiffusersFolder(makeFolder({ variant: 'fp16' }))
    expect(listParts(file)).toHaveLength(3)
    expect(listParts(file).every((part) => part.endsWith('.fp16.safetensors'))).toBe(true)
  })

  it('prefers the variant asked for to the plain weights, and those to others', () => {
    const folder = makeFolder()
    for (const part of ['unet', 'vae'])
      writeTensors(
        join(folder, part, 'diffusion_pytorch_model.non_ema.safetensors'),
        checkpoint,
        part === 'unet' ? unetNames : vaeNames,
      )
    const unetOf = (variant?: string) =>
      listParts(readDiffusersFolder(folder, variant)).find((path) => path.includes('/unet/'))
    expect(unetOf('non_ema')).toContain('non_ema')
    expect(unetOf()).not.toContain('non_ema')
    rmSync(join(folder, 'unet/diffusion_pytorch_model.safetensors'))
    expect(unetOf()).toContain('non_ema')
  })

  it('puts together weights that are cut into several files', async () => {
    const folder = makeFolder({ variant: 'fp16' })
    const unet = join(folder, 'unet')
    const names = [...unetNames]
    const shards = [names.slice(0, 300), names.slice(300)]
    const shardName = (index: number) => `diffusion_pytorch_model.fp16-0000${index + 1}-of-00002.safetensors`
    shards.forEach((shard, index) => writeTensors(join(unet, shardName(index)), checkpoint, new Map(shard)))
    const map = shards.flatMap((shard, index) => shard.map(([name]) => [name, shardName(index)] as const))
    rmSync(join(unet, 'diffusion_pytorch_model.fp16.safetensors'))
    writeJson(join(unet, 'diffusion_pytorch_model.safetensors.index.fp16.json'), {
      weight_map: Object.fromEntries(map),
    })
    const actual = await predict(folder)
    expect(maxDifference(actual.prediction, (await predict(single)).prediction)).toBe(0)
  })

  it('follows the links of a Hugging Face cache to the files themselves', () => {
    const cache = mkdtempSync(join(tmpdir(), 'hub-'))
    const snapshot = join(cache, 'snapshots/abc')
    mkdirSync(join(cache, 'snapshots'))
    mkdirSync(join(cache, 'blobs'))
    renameSync(makeFolder(), snapshot)
    const file = join(snapshot, 'unet/diffusion_pytorch_model.safetensors')
    renameSync(file, join(cache, 'blobs/0123'))
    symlinkSync('../../../blobs/0123', file)
    expect(listParts(readDiffusersFolder(snapshot))).toContain(join(cache, 'blobs/0123'))
  })

  it.each([
    ['v_prediction', { prediction: 'v', schedule: { kind: 'scaled-linear' } }],
    ['sample', { prediction: 'x0', schedule: { kind: 'scaled-linear' } }],
  ])('takes the prediction type %s from the scheduler', (type, expected) => {
    const folder = makeFolder({ scheduler: { prediction_type: type } })
    expect(detectModel(readDiffusersFolder(folder))).toMatchObject(expected)
  })

  it('takes zero terminal signal-to-noise ratio from the scheduler', () => {
    const folder = makeFolder({
      scheduler: { prediction_type: 'v_prediction', rescale_betas_zero_snr: true },
    })
    expect(detectModel(readDiffusersFolder(folder)).schedule).toEqual({ kind: 'zero-terminal' })
  })

  it.each([
    [{ attention_head_dim: 4 }, { count: 4 }],
    [{ attention_head_dim: [4, 8, 8, 8] }, { size: 8 }],
    [{ attention_head_dim: 8, num_attention_heads: 2 }, { count: 2 }],
    [{ attention_head_dim: [2, 2, 2, 2] }, { count: 2 }],
  ])('takes the number of heads from %j', (unet, heads) => {
    expect(detectModel(readDiffusersFolder(makeFolder({ unet }))).unet.heads).toEqual(heads)
  })

  it('takes the scale of latents from the autoencoder', () => {
    const folder = makeFolder({ vae: { scaling_factor: 0.5 } })
    const { value } = loadCheckpoint(folder, 'x', TEST_SESSION)
    expect(value.model.latents).toEqual({ factor: 0.5 })
  })

  it.each([
    ['beta_end', { scheduler: { beta_end: 0.02 } }],
    ['predicts', { scheduler: { prediction_type: 'flow_prediction' } }],
    ['heads', { unet: { attention_head_dim: [1, 2, 3, 4] } }],
  ])('refuses a folder whose %s is unknown, naming it', (word, options) => {
    const folder = makeFolder(options)
    expect(() => readDiffusersFolder(folder)).toThrow(expect.objectContaining({ fault: 'unknown-structure' }))
    expect(() => readDiffusersFolder(folder)).toThrow(word)
  })

  it('refuses a folder without weights or with a broken index', () => {
    const folder = makeFolder()
    rmSync(join(folder, 'unet/diffusion_pytorch_model.safetensors'))
    expect(() => readDiffusersFolder(folder)).toThrow('it holds no weights')
    writeFileSync(join(folder, 'unet/diffusion_pytorch_model.safetensors.index.json'), '{')
    expect(() => readDiffusersFolder(folder)).toThrow(expect.objectContaining({ fault: 'malformed' }))
    const leadingOut = { weight_map: { a: '../../secret.safetensors' } }
    writeJson(join(folder, 'unet/diffusion_pytorch_model.safetensors.index.json'), leadingOut)
    expect(() => readDiffusersFolder(folder)).toThrow(expect.objectContaining({ fault: 'malformed' }))
  })
})
