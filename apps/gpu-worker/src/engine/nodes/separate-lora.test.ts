import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { ADAPTERS } from '../adapters/test-kit.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { writeTensors } from '../checkpoint/test-kit.ts'
import { ModelStore } from '../models/model-store.ts'
import type { ConditioningValue } from '../node-graph/node-context.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { maxDifference, unpackTinyCheckpoint } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'
import { callNode, networkContext, NodeValue } from './test-kit/call-node.ts'

const single = unpackTinyCheckpoint()
const PREFIX = 'cond_stage_model.transformer.'

function cutTextEncoder(): string {
  const checkpoint = readSafetensors(single)
  const names = [...checkpoint.tensors.keys()].filter((name) => name.startsWith(PREFIX))
  const path = join(mkdtempSync(join(tmpdir(), 'texts-')), 'clip.safetensors')
  writeTensors(path, checkpoint, new Map(names.map((name) => [name.slice(PREFIX.length), name])))
  return path
}

const file = (kind: ModelKind, name: string, path: string) =>
  ModelFile.fromPartial({ kind, name, path, identity: `identity of ${name}` })
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([
  file(ModelKind.MODEL_KIND_CHECKPOINT, 'tiny.safetensors', single),
  file(ModelKind.MODEL_KIND_TEXT_ENCODER, 'clip.safetensors', cutTextEncoder()),
  file(ModelKind.MODEL_KIND_LORA, 'kohya', new URL('kohya.safetensors', ADAPTERS).pathname),
])
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const context = { ...networkContext(null as never), models, texts }
afterAll(() => models.clear())

async function encode(clip: unknown): Promise<Tensor> {
  const args = { clip: new NodeValue(clip), text: 'a photo of a cat' }
  return ((await callNode('CLIPTextEncode', args, context))[0] as ConditioningValue)[0]!.tokens
}

async function withLora(model: unknown, clip: unknown, strength: number): Promise<unknown> {
  const args = { lora_name: 'kohya', strength_model: 0.5, strength_clip: strength }
  const values = { model: new NodeValue(model), clip: new NodeValue(clip) }
  return (await callNode('LoraLoader', { ...values, ...args }, context))[1]
}

describe('a LoRA on a text encoder in a file of its own', () => {
  it('acts as it does on the checkpoint the encoder was cut out of', async () => {
    const [model, clip] = await callNode('CheckpointLoaderSimple', { ckpt_name: 'tiny.safetensors' }, context)
    const loading = { clip_name: 'clip.safetensors', type: 'stable_diffusion' }
    const [separate] = await callNode('CLIPLoader', loading, context)
    const changed = await encode(await withLora(model, separate, 0.8))
    expect(maxDifference(changed, await encode(await withLora(model, clip, 0.8)))).toBe(0)
    expect(maxDifference(changed, await encode(separate))).toBeGreaterThan(1e-3)
  })

  it('is mixed into another encoder with the encoder it is on', async () => {
    const [model, clip] = await callNode('CheckpointLoaderSimple', { ckpt_name: 'tiny.safetensors' }, context)
    const loading = { clip_name: 'clip.safetensors', type: 'stable_diffusion' }
    const [separate] = await callNode('CLIPLoader', loading, context)
    const mixed = await callNode(
      'CLIPMergeSimple',
      { clip1: new NodeValue(clip), clip2: new NodeValue(await withLora(model, separate, 0.8)), ratio: 0 },
      context,
    )
    const expected = await encode(await withLora(model, clip, 0.8))
    expect(maxDifference(await encode(mixed[0]), expected)).toBeLessThan(1e-5)
  })
})
