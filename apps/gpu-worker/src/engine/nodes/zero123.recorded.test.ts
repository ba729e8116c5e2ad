import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import { ModelStore } from '../models/model-store.ts'
import type { ConditioningValue, LatentValue } from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, unpackVariant } from '../test-kit.ts'
import { callNode, networkContext, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

// Latents that ComfyUI's own nodes sampled with the checkpoint below: euler, normal, 3 steps, seed 7, guidance 3.
const recorded = openFixture(new URL('__fixtures__/zero123.safetensors', import.meta.url))
const vision = (name: string) => new URL(`../vision/__fixtures__/${name}`, import.meta.url)

/** Width of the tiny checkpoint's context. */
const WIDTH = 64
const folder = mkdtempSync(join(tmpdir(), 'zero123-'))

/** Numbers that need no file: `((i · factor) mod count - half) / scale`. */
function numbers(
  shape: readonly number[],
  [factor, count, scale]: readonly [number, number, number],
): Tensor {
  const { data } = createTensor(shape)
  const half = Math.floor(count / 2)
  return createTensor(
    shape,
    data.map((_, i) => (((i * factor) % count) - half) / scale),
  )
}

/** The tiny checkpoint that takes a picture, with a picture encoder and the layer that brings it to the context. */
function writeCheckpoint(): string {
  const encoder = join(folder, 'encoder.safetensors')
  writeFileSync(encoder, gunzipSync(readFileSync(vision('vit-l.safetensors.gz'))))
  const pictured = unpackVariant(new URL('../models/__fixtures__/sd1-pix2pix.safetensors', import.meta.url))
  const tensors = [pictured, encoder].flatMap((path) => {
    const file = readSafetensors(path)
    return [...file.tensors.keys()]
      .filter((name) => !name.startsWith('cond_stage_model.') && name !== 'visual_projection.weight')
      .map((name) => [name, readTensor(file, name)] as const)
  })
  const own: [string, Tensor][] = [
    ['visual_projection.weight', numbers([WIDTH, 16], [37, 101, 200])],
    ['cc_projection.weight', numbers([WIDTH, WIDTH + 4], [53, 97, 300])],
    ['cc_projection.bias', numbers([WIDTH], [11, 13, 50])],
  ]
  const path = join(folder, 'zero123.safetensors')
  writeFileSync(path, formatSafetensors([...tensors, ...own], new Map()))
  return path
}

const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'zero123.safetensors', identity: 'zero123' }
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([ModelFile.fromPartial({ ...checkpoint, path: writeCheckpoint() })])
afterAll(async () => {
  await models.clear()
  rmSync(folder, { recursive: true })
})

const call = async (name: string, args: Record<string, NodeArgument>) =>
  (await callNode(name, args, { ...networkContext(null as never), models })).map(
    (value) => new NodeValue(value),
  )

const scene = { width: 64, height: 64, batch_size: 2, elevation: 10, azimuth: 40 }

async function see(className: string, more: Record<string, number>, image = 'image.square') {
  const [model, clip_vision, vae] = await call('ImageOnlyCheckpointLoader', { ckpt_name: checkpoint.name })
  const init_image = new NodeValue(openFixture(vision('vision.safetensors')).tensor(image))
  const args = { clip_vision: clip_vision!, init_image, vae: vae!, ...scene, ...more }
  const [positive, negative, latent] = await call(className, args)
  return { model: model!, positive: positive!, negative: negative!, latent_image: latent! }
}

describe('a picture seen from elsewhere', () => {
  it.each([
    ['plain', 'StableZero123_Conditioning', {}],
    [
      'batched',
      'StableZero123_Conditioning_Batched',
      { elevation_batch_increment: -5, azimuth_batch_increment: 20.5 },
    ],
  ] as const)('is told and drawn as by the original: %s', async (name, className, more) => {
    const seen = await see(className, more)
    const [entry] = seen.positive.value as ConditioningValue
    expect(maxDifference(entry!.tokens, recorded.tensor(`${name}.tokens`))).toBeLessThan(2e-5)
    const [sampled] = await call('KSampler', {
      ...seen,
      ...{ seed: 7, steps: 3, cfg: 3, denoise: 1, sampler_name: 'euler', scheduler: 'normal' },
    })
    const want = recorded.tensor(name)
    const scale = Math.max(...want.data.map(Math.abs))
    expect(maxDifference((sampled!.value as LatentValue).samples, want) / scale).toBeLessThan(2e-4)
  })

  it('is one picture', async () => {
    await expect(see('StableZero123_Conditioning', {}, 'image.wide')).rejects.toThrow(/one picture/)
  })
})
