import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import type { F8Type } from '../adapters/round-weight.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { writeTensors } from '../checkpoint/test-kit.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { loadCheckpoint } from '../models/load-model.ts'
import { ModelStore } from '../models/model-store.ts'
import type { ConditioningValue, LatentValue, ModelValue } from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'
import { useModel } from './use-model.ts'
import { callNode, networkContext, NodeValue } from './test-kit/call-node.ts'

const single = unpackTinyCheckpoint()
const folder = mkdtempSync(join(tmpdir(), 'parts-'))

/** A part of the tiny checkpoint as a file of its own. */
function cut(name: string, prefix: string): string {
  const checkpoint = readSafetensors(single)
  const names = [...checkpoint.tensors.keys()].filter((tensor) => tensor.startsWith(prefix))
  const path = join(folder, name)
  writeTensors(path, checkpoint, new Map(names.map((tensor) => [tensor.slice(prefix.length), tensor])))
  return path
}

const file = (kind: ModelKind, name: string, path: string) =>
  ModelFile.fromPartial({ kind, name, path, identity: `identity of ${name}` })
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  budgetBytes: 2 ** 30,
  maxBatchElements: 2 ** 20,
  onResidentsChanged: () => undefined,
})
const openClip = (name: string) => new URL(`../models/__fixtures__/${name}`, import.meta.url)

/** SDXL's second text encoder as a file of its own; with more layers, copies of its last one, where they are asked for. */
function cutOpenClip(name: string, layers: number): string {
  const whole = join(folder, `whole-${name}`)
  writeFileSync(whole, gunzipSync(readFileSync(openClip('open-clip.safetensors.gz'))))
  const source = readSafetensors(whole)
  const prefix = 'conditioner.embedders.1.model.'
  const own = [...source.tensors.keys()].filter((tensor) => tensor.startsWith(prefix))
  const names = new Map(own.map((tensor) => [tensor.slice(prefix.length), tensor]))
  const last = own.filter((tensor) => tensor.includes('resblocks.2.'))
  for (let layer = 3; layer < layers; layer += 1)
    for (const tensor of last)
      names.set(tensor.slice(prefix.length).replace('resblocks.2.', `resblocks.${layer}.`), tensor)
  const path = join(folder, name)
  writeTensors(path, source, names)
  return path
}

/** A file with its weights rounded, by arithmetic of our own: to that many bits after the point, from that exponent on. */
async function roundFile(path: string, type: F8Type): Promise<string> {
  const [bits, lowest] = type === 'f8_e4m3fn' ? [3, -6] : [2, -14]
  const source = readSafetensors(path)
  const round = (value: number) => {
    if (value === 0) return 0
    const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(value))), lowest) - bits)
    const share = value / unit
    const floor = Math.floor(share)
    const isHalf = share - floor === 0.5
    return unit * (isHalf ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(share))
  }
  const tensors = [...source.tensors.keys()].map((name) => {
    const { shape, data } = readTensor(source, name)
    return [name, createTensor(shape, data.map(round))] as const
  })
  const rounded = join(folder, `${type}.safetensors`)
  writeFileSync(rounded, formatSafetensors(tensors, new Map()))
  return rounded
}

models.setFiles([
  ...(
    [
      ['open-clip.safetensors', 3],
      ['deep.safetensors', 32],
    ] as const
  ).map(([name, layers]) => file(ModelKind.MODEL_KIND_TEXT_ENCODER, name, cutOpenClip(name, layers))),
  file(ModelKind.MODEL_KIND_CHECKPOINT, 'tiny.safetensors', single),
  file(ModelKind.MODEL_KIND_DENOISER, 'unet.safetensors', cut('unet.safetensors', 'model.diffusion_model.')),
  ...['taesd_encoder.safetensors', 'taesd_decoder.safetensors'].map((name) =>
    file(
      ModelKind.MODEL_KIND_TINY_VAE,
      name,
      fileURLToPath(new URL(`../preview/__fixtures__/${name}`, import.meta.url)),
    ),
  ),
  file(ModelKind.MODEL_KIND_VAE, 'vae.safetensors', cut('vae.safetensors', 'first_stage_model.')),
  file(
    ModelKind.MODEL_KIND_TEXT_ENCODER,
    'clip.safetensors',
    cut('clip.safetensors', 'cond_stage_model.transformer.'),
  ),
])
const TILES = { tile_size: 64, overlap: 16, temporal_size: 64, temporal_overlap: 8 }
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const context = { ...networkContext(null as never), models, texts }
afterAll(() => models.clear())

const load = async (className: string, args: Record<string, string>) =>
  (await callNode(className, args, context)).map((value) => new NodeValue(value))

async function encode(clip: NodeValue): Promise<Tensor> {
  const [conditioning] = await callNode('CLIPTextEncode', { clip, text: 'a cat' }, context)
  return (conditioning as ConditioningValue)[0]!.tokens
}

describe('loader nodes', () => {
  it('give separate files the answers that the checkpoint has', async () => {
    const [, clip, vae] = await load('CheckpointLoaderSimple', { ckpt_name: 'tiny.safetensors' })
    const [ownClip] = await load('CLIPLoader', { clip_name: 'clip.safetensors', type: 'stable_diffusion' })
    const [ownVae] = await load('VAELoader', { vae_name: 'vae.safetensors' })
    expect(maxDifference(await encode(ownClip!), await encode(clip!))).toBe(0)
    const samples = new NodeValue({ samples: createTensor([1, 4, 4, 4]) } satisfies LatentValue)
    const decode = async (from: NodeValue) =>
      (await callNode('VAEDecode', { samples, vae: from }, context))[0] as Tensor
    expect(maxDifference(await decode(ownVae!), await decode(vae!))).toBe(0)
  })

  it('give a separate UNet the predictions that the checkpoint has', async () => {
    const [model] = await load('UNETLoader', { unet_name: 'unet.safetensors', weight_dtype: 'default' })
    const predict = async (ref: unknown) => {
      const use = await models.useCheckpoint((ref as { checkpoint: never }).checkpoint)
      const latent = createTensor(
        [1, 4, 8, 8],
        Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
      )
      const inputs = { latent, timesteps: Float32Array.of(500), context: createTensor([1, 77, 64]) }
      const prediction = await use.value.model.predict(inputs)
      use.done()
      return prediction
    }
    const [whole] = await load('CheckpointLoaderSimple', { ckpt_name: 'tiny.safetensors' })
    expect(maxDifference(await predict(model!.value), await predict(whole!.value))).toBe(0)
  })

  it('take a checkpoint for one of pictures, without an encoder of them', async () => {
    const [model, clipVision, vae] = await load('ImageOnlyCheckpointLoader', {
      ckpt_name: 'tiny.safetensors',
    })
    const [ownModel, , ownVae] = await load('CheckpointLoaderSimple', { ckpt_name: 'tiny.safetensors' })
    expect([model!.value, clipVision!.value, vae!.value]).toEqual([ownModel!.value, null, ownVae!.value])
  })

  it('give the tiny autoencoder that two files make', async () => {
    const [vae] = await load('VAELoader', { vae_name: 'taesd' })
    const samples = createTensor(
      [1, 4, 4, 4],
      Float32Array.from({ length: 64 }, (_, i) => 4 * Math.sin(i)),
    )
    const decoded = await callNode('VAEDecode', { samples: new NodeValue({ samples }), vae: vae! }, context)
    const picture = decoded[0] as Tensor
    expect(picture.shape).toEqual([1, 32, 32, 3])
    const use = await models.useTinyVae('taesd')
    const pixels = await use.value.decode(samples)
    use.done()
    const expected = picture.data.map((_, i) => pixels.data[(i % 3) * 1024 + Math.floor(i / 3)]! / 2 + 0.5)
    const clamped = expected.map((value) => Math.min(Math.max(value, 0), 1))
    expect(maxDifference({ ...picture, data: clamped }, picture)).toBeLessThan(1e-6)
    const encoded = await callNode('VAEEncode', { pixels: new NodeValue(picture), vae: vae! }, context)
    expect((encoded[0] as LatentValue).samples.shape).toEqual([1, 4, 4, 4])
  })

  it('give pixels as latents where there is to be no autoencoder', async () => {
    const [vae] = await load('VAELoader', { vae_name: 'pixel_space' })
    const picture = createTensor(
      [1, 5, 7, 3],
      Float32Array.from({ length: 105 }, (_, i) => (i % 11) / 10),
    )
    for (const [encode, decode, sizes] of [
      ['VAEEncode', 'VAEDecode', {}],
      ['VAEEncodeTiled', 'VAEDecodeTiled', TILES],
    ] as const) {
      const [latent] = await callNode(
        encode,
        { pixels: new NodeValue(picture), vae: vae!, ...sizes },
        context,
      )
      expect((latent as LatentValue).samples.shape).toEqual([1, 3, 5, 7])
      expect((latent as LatentValue).samples.data[1]).toBeCloseTo(2 * picture.data[3]! - 1, 6)
      const samples = new NodeValue(latent)
      const [back] = await callNode(decode, { samples, vae: vae!, ...sizes }, context)
      expect(maxDifference(back as Tensor, picture)).toBeLessThan(1e-6)
    }
  })

  it.each([
    ['fp8_e4m3fn', 'f8_e4m3fn'],
    ['fp8_e5m2', 'f8_e5m2'],
  ] as const)('round a UNet’s weights to %s', async (weight_dtype, type) => {
    const [model] = await load('UNETLoader', { unet_name: 'unet.safetensors', weight_dtype })
    const use = await useModel(model!.value as ModelValue, context)
    const latent = createTensor(
      [1, 4, 8, 8],
      Float32Array.from({ length: 256 }, (_, i) => Math.sin(i)),
    )
    const inputs = { latent, timesteps: Float32Array.of(500), context: createTensor([1, 77, 64]) }
    const prediction = await use.value.model.predict(inputs)
    use.done()
    // The same network with weights that were rounded before they were saved.
    const rounded = await roundFile(join(folder, 'unet.safetensors'), type)
    const { value, release } = loadCheckpoint(rounded, type, TEST_SESSION)
    expect(maxDifference(await value.model.predict(inputs), prediction)).toBe(0)
    const plain = loadCheckpoint(join(folder, 'unet.safetensors'), 'plain', TEST_SESSION)
    expect(maxDifference(await plain.value.model.predict(inputs), prediction)).toBeGreaterThan(1e-3)
    await Promise.all([release(), plain.release()])
  })

  it('stop in the text encoder where the configuration of a CheckpointLoader says so', async () => {
    const [, clip] = await load('CheckpointLoader', {
      config_name: 'v1-inference_clip_skip_2.yaml',
      ckpt_name: 'tiny.safetensors',
    })
    const [, plain] = await load('CheckpointLoaderSimple', { ckpt_name: 'tiny.safetensors' })
    const stopped = await callNode('CLIPSetLastLayer', { clip: plain!, stop_at_clip_layer: -2 }, context)
    expect(maxDifference(await encode(clip!), await encode(new NodeValue(stopped[0])))).toBe(0)
  })

  it.each([
    ['UNETLoader', { unet_name: 'no.safetensors', weight_dtype: 'default' }, 'not-found'],
    ['VAELoader', { vae_name: 'taesdxl' }, 'not-found'],
    ['VAELoader', { vae_name: 'no.safetensors' }, 'not-found'],
    ['DiffusersLoader', { model_path: 'nowhere' }, 'not-found'],
    ['CLIPLoader', { clip_name: 'clip.safetensors', type: 'sd3' }, 'invalid-request'],
  ])('refuse what %s cannot load', async (className, args, code) => {
    await expect(callNode(className, args, context)).rejects.toMatchObject({ code })
  })

  // The second encoder's own recording: "a photo of a cat" through ComfyUI's SDXL.
  it.each([
    ['clip.safetensors', 'open-clip.safetensors'],
    ['open-clip.safetensors', 'clip.safetensors'],
  ])('pair SDXL’s text encoders whichever is named first: %s, %s', async (clip_name1, clip_name2) => {
    const [clip] = await load('DualCLIPLoader', { clip_name1, clip_name2, type: 'sdxl' })
    const [conditioning] = await callNode(
      'CLIPTextEncode',
      { clip: clip!, text: 'a photo of a cat' },
      context,
    )
    const { tokens, pooled } = (conditioning as ConditioningValue)[0]!
    expect(tokens.shape).toEqual([1, 77, 128])
    const second = tokens.data.filter((_, i) => i % 128 >= 64)
    const recorded = openFixture(openClip('open-clip-text.safetensors'))
    expect(maxDifference(createTensor([1, 77, 64], second), recorded.tensor('3.hidden'))).toBeLessThan(2e-5)
    expect(maxDifference(pooled!, recorded.tensor('3.pooled'))).toBeLessThan(2e-5)
  })

  it('take one of SDXL’s encoders alone as a refiner’s', async () => {
    const [clip] = await load('CLIPLoader', { clip_name: 'deep.safetensors', type: 'stable_diffusion' })
    expect((await encode(clip!)).shape).toEqual([1, 77, 64])
  })

  it.each(['stable_cascade', 'sd3', 'wan', 'qwen_image', 'hunyuan_image'])(
    'refuse text encoders of the type %s',
    async (type) => {
      await expect(load('CLIPLoader', { clip_name: 'clip.safetensors', type })).rejects.toMatchObject({
        code: 'invalid-request',
        message: expect.stringContaining(type) as string,
      })
    },
  )

  it.each(['sd3', 'flux', 'hunyuan_video'])('refuse pairs of text encoders of the type %s', async (type) => {
    const names = { clip_name1: 'clip.safetensors', clip_name2: 'open-clip.safetensors' }
    await expect(load('DualCLIPLoader', { ...names, type })).rejects.toMatchObject({
      code: 'invalid-request',
    })
  })

  it('refuse to decode with a model that has no autoencoder', async () => {
    const [model] = await load('UNETLoader', { unet_name: 'unet.safetensors', weight_dtype: 'default' })
    const samples = new NodeValue({ samples: createTensor([1, 4, 4, 4]) } satisfies LatentValue)
    await expect(callNode('VAEDecode', { samples, vae: model! }, context)).rejects.toMatchObject({
      code: 'unusable-model',
    })
  })
})
