import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { writeTensors } from '../checkpoint/test-kit.ts'
import { ModelStore } from '../models/model-store.ts'
import type { ConditioningValue, LatentValue } from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, unpackTinyCheckpoint } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'
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
models.setFiles([
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

  it('refuse to decode with a model that has no autoencoder', async () => {
    const [model] = await load('UNETLoader', { unet_name: 'unet.safetensors', weight_dtype: 'default' })
    const samples = new NodeValue({ samples: createTensor([1, 4, 4, 4]) } satisfies LatentValue)
    await expect(callNode('VAEDecode', { samples, vae: model! }, context)).rejects.toMatchObject({
      code: 'unusable-model',
    })
  })
})
