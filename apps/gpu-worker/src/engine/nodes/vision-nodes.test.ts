import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { ModelStore } from '../models/model-store.ts'
import type { ConditioningValue } from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, unpackTinyCheckpoint } from '../test-kit.ts'
import { callNode, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

const fixture = (name: string) => new URL(`../vision/__fixtures__/${name}`, import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'vision-nodes-'))
const path = join(folder, 'vit-l.safetensors')
writeFileSync(path, gunzipSync(readFileSync(fixture('vit-l.safetensors.gz'))))
const sd1 = unpackTinyCheckpoint()

const file = (kind: ModelKind, name: string, at: string) =>
  ModelFile.fromPartial({ kind, name, path: at, identity: `identity of ${name}` })
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  budgetBytes: 2 ** 30,
  maxBatchElements: 2 ** 20,
  onResidentsChanged: () => undefined,
})
models.setFiles([
  file(ModelKind.MODEL_KIND_CLIP_VISION, 'l.safetensors', path),
  file(ModelKind.MODEL_KIND_CLIP_VISION, 'no.safetensors', sd1),
  file(ModelKind.MODEL_KIND_STYLE_MODEL, 'style.safetensors', fixture('style.safetensors').pathname),
  file(ModelKind.MODEL_KIND_STYLE_MODEL, 'no.safetensors', sd1),
  file(ModelKind.MODEL_KIND_CHECKPOINT, 'sd1.safetensors', sd1),
])
const call = (name: string, args: Record<string, NodeArgument>) => callNode(name, args, { models })

afterAll(async () => {
  await models.clear()
  rmSync(folder, { recursive: true })
})

describe('nodes of picture encoders', () => {
  it('encode what a loaded file sees', async () => {
    const recorded = openFixture(fixture('vision.safetensors'))
    const [encoder] = await call('CLIPVisionLoader', { clip_name: 'l.safetensors' })
    const [output] = await call('CLIPVisionEncode', {
      clip_vision: new NodeValue(encoder),
      image: new NodeValue(recorded.tensor('image.wide')),
      crop: 'none',
    })
    const { embeddings } = output as { embeddings: ReturnType<typeof createTensor> }
    expect(maxDifference(embeddings, recorded.tensor('vit-l.wide.none.embeds'))).toBeLessThan(2e-5)
  })

  it('refuse a file that holds none', async () => {
    await expect(call('CLIPVisionLoader', { clip_name: 'no.safetensors' })).rejects.toThrow(
      /no picture encoder/,
    )
    await expect(call('CLIPVisionLoader', { clip_name: 'gone' })).rejects.toThrow(/not here/)
  })

  it('load a checkpoint that has none without it', async () => {
    const outputs = await call('unCLIPCheckpointLoader', { ckpt_name: 'sd1.safetensors' })
    expect(outputs).toHaveLength(4)
    expect(outputs[3]).toBeNull()
  })

  it('add pictures to every entry, but not at a strength of none', async () => {
    const conditioning: ConditioningValue = [{ tokens: createTensor([1, 77, 1]) }]
    const embeddings = createTensor([1, 2])
    const add = async (to: unknown, strength: number) => {
      const [value] = await call('unCLIPConditioning', {
        conditioning: new NodeValue(to),
        clip_vision_output: new NodeValue({ embeddings }),
        ...{ strength, noise_augmentation: 0.25 },
      })
      return value as ConditioningValue
    }
    expect(await add(conditioning, 0)).toBe(conditioning)
    const twice = await add(await add(conditioning, 1), -0.5)
    expect(twice[0]!.like).toEqual([
      { embeddings, strength: 1, noise: 0.25 },
      { embeddings, strength: -0.5, noise: 0.25 },
    ])
  })
})

describe('style models', () => {
  const recorded = openFixture(fixture('styled.safetensors'))
  const apply = async (tokens: Tensor, last: Tensor, strength: Record<string, NodeArgument>) => {
    const [style] = await call('StyleModelLoader', { style_model_name: 'style.safetensors' })
    const [value] = await call('StyleModelApply', {
      conditioning: new NodeValue([{ tokens }]),
      style_model: new NodeValue(style),
      clip_vision_output: new NodeValue({ last }),
      ...strength,
    })
    return (value as ConditioningValue)[0]!.tokens
  }

  it.each([
    ['one', 'multiply', 0.625],
    ['two', 'multiply', 0.625],
    ['two', 'attn_bias', 0.5],
  ])('add to a prompt what the original adds: %s, %s', async (pictures, type, strength) => {
    const [text, last] = ['text', 'last'].map((part) => recorded.tensor(`${pictures}.${part}`))
    const styled = await apply(text!, last!, { strength, strength_type: type })
    expect(maxDifference(styled, recorded.tensor(`${pictures}.${type}`))).toBeLessThan(1e-5)
  })

  it('fit prompts and picture encoders of their widths alone', async () => {
    const strength = { strength: 1, strength_type: 'multiply' }
    const last = recorded.tensor('one.last')
    await expect(apply(createTensor([1, 7, 8]), last, strength)).rejects.toThrow(/the prompt is 8 wide/)
    await expect(apply(recorded.tensor('one.text'), createTensor([1, 5, 4]), strength)).rejects.toThrow(
      /the picture encoder is 4 wide/,
    )
  })

  it('are told from other files', async () => {
    await expect(call('StyleModelLoader', { style_model_name: 'no.safetensors' })).rejects.toThrow(
      /no style adapter/,
    )
  })
})
