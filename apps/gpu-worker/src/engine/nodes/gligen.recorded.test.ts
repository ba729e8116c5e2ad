import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ModelFile, ModelKind } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import { ModelStore } from '../models/model-store.ts'
import type {
  BoxLink,
  ClipValue,
  ConditioningValue,
  LatentValue,
  ModelValue,
} from '../node-graph/node-context.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, unpackTinyCheckpoint } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'
import { callNode, networkContext, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

// Latents that ComfyUI sampled with the tiny SD1 checkpoint and a GLIGEN file of waves: euler, normal, 3 steps, seed 7.
const recorded = openFixture(new URL('__fixtures__/gligen.safetensors', import.meta.url))

const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny', identity: 'tiny' }
const gligen = { kind: ModelKind.MODEL_KIND_GLIGEN, name: 'boxes.safetensors', identity: 'boxes' }
const path = unpackTinyCheckpoint()
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([
  ModelFile.fromPartial({ ...checkpoint, path }),
  ModelFile.fromPartial({ ...gligen, path: writeWaves(path) }),
])
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const context = { ...networkContext(null as never), models, texts }
afterAll(() => models.clear())

/** A GLIGEN file that fits a checkpoint's UNet, 768 wide; its weights are waves that anyone can compute. */
function writeWaves(checkpointPath: string): string {
  const shapes = new Map<string, readonly number[]>()
  const linear = (name: string, [rows, columns]: readonly [number, number], hasBias = true) => {
    shapes.set(`${name}.weight`, [rows, columns])
    if (hasBias) shapes.set(`${name}.bias`, [rows])
  }
  shapes.set('position_net.null_positive_feature', [768]).set('position_net.null_position_feature', [64])
  linear('position_net.linears.0', [512, 832])
  linear('position_net.linears.2', [512, 512])
  linear('position_net.linears.4', [768, 512])
  for (const [name, { shape }] of readSafetensors(checkpointPath).tensors) {
    const block = /^model\.diffusion_model\.(.*transformer_blocks\.0)\.norm1\.weight$/.exec(name)?.[1]
    if (block === undefined) continue
    const [fuser, width] = [`${block}.fuser`, shape[0]!]
    shapes.set(`${fuser}.alpha_attn`, []).set(`${fuser}.alpha_dense`, [])
    linear(`${fuser}.linear`, [width, 768])
    for (const part of ['to_q', 'to_k', 'to_v']) linear(`${fuser}.attn.${part}`, [width, width], false)
    linear(`${fuser}.attn.to_out.0`, [width, width])
    for (const norm of ['norm1', 'norm2'])
      shapes.set(`${fuser}.${norm}.weight`, [width]).set(`${fuser}.${norm}.bias`, [width])
    linear(`${fuser}.ff.net.0.proj`, [8 * width, width])
    linear(`${fuser}.ff.net.2`, [width, 4 * width])
  }
  const names = [...shapes.keys()].sort()
  const tensors = names.map((name, k) => [name, wave(name, k, shapes.get(name)!)] as const)
  const written = join(mkdtempSync(join(tmpdir(), 'gligen-')), 'boxes.safetensors')
  writeFileSync(written, formatSafetensors(tensors, new Map()))
  return written
}

function wave(name: string, k: number, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, side) => product * side, 1)
  const [middle, height] = /norm[12]\.weight$/.test(name)
    ? [1, 0.1]
    : name.includes('alpha')
      ? [0.5, 0.1]
      : [0, shape.length === 2 ? 1.5 / Math.sqrt(shape[1]!) : 0.1]
  const at = (i: number) => middle + height * Math.sin(i * (0.37 + 0.01 * k) + k)
  return createTensor(
    shape,
    Float32Array.from({ length: count }, (_, i) => at(i)),
  )
}

const text = (k: number) =>
  createTensor(
    [1, 768],
    Float32Array.from({ length: 768 }, (_, i) => Math.sin(i * 0.11 * (k + 1))),
  )
const box = (k: number, [height, width, top, left]: readonly [number, number, number, number]) => ({
  ...{ text: text(k), height, width, top, left },
})

async function call(className: string, args: Readonly<Record<string, NodeArgument>>): Promise<NodeValue> {
  return new NodeValue((await callNode(className, args, context))[0])
}

const model = new NodeValue({ checkpoint } satisfies ModelValue)
const clip = new NodeValue({ checkpoint } satisfies ClipValue)
const encode = (words: string) => call('CLIPTextEncode', { text: words, clip })
const boxed = ({ value }: NodeValue, boxes: BoxLink['boxes']) =>
  new NodeValue((value as ConditioningValue).map((entry) => ({ ...entry, boxes: { file: gligen, boxes } })))

async function sample(positive: NodeValue): Promise<Tensor> {
  const latent: LatentValue = { samples: createTensor([1, 4, 8, 8]) }
  const { value } = await call('KSampler', {
    ...{ model, positive, negative: await encode('blurry'), latent_image: new NodeValue(latent) },
    ...{ seed: 7, steps: 3, cfg: 4, denoise: 1, sampler_name: 'euler', scheduler: 'normal' },
  })
  return (value as LatentValue).samples
}

/** Difference from a recording as a share of its largest value. */
function differenceFrom(name: string, latent: Tensor): number {
  const want = recorded.tensor(name)
  return maxDifference(latent, want) / Math.max(...want.data.map(Math.abs))
}

describe('texts in boxes', () => {
  it('sample what the original does, shown to both halves', async () => {
    const positive = boxed(await encode('a photo of a cat'), [box(0, [4, 3, 1, 2]), box(1, [2, 5, 5, 0])])
    const latent = await sample(positive)
    expect(differenceFrom('boxes', latent)).toBeLessThan(2e-5)
    expect(differenceFrom('plain', latent)).toBeGreaterThan(0.01)
  })

  it('sample what the original does, within an area', async () => {
    const inside = boxed(await encode('a dog'), [box(0, [3, 3, 1, 1])])
    const size = { width: 32, height: 64, x: 0, y: 0, strength: 1 }
    const area = await call('ConditioningSetArea', { conditioning: inside, ...size })
    const rest = await encode('a photo of a cat')
    const both = await call('ConditioningCombine', { conditioning_1: area, conditioning_2: rest })
    expect(differenceFrom('area', await sample(both))).toBeLessThan(2e-5)
  })

  it('are put on conditionings in cells, one after the other', async () => {
    const loaded = await call('GLIGENLoader', { gligen_name: gligen.name })
    const place = { width: 100, height: 64, x: 17, y: 8 }
    const apply = (conditioning_to: NodeValue) =>
      call('GLIGENTextBoxApply', {
        ...{ conditioning_to, clip, gligen_textbox_model: loaded, text: 'a cat' },
        ...place,
      })
    const { value } = await apply(await apply(await encode('x')))
    const [entry] = value as ConditioningValue
    expect(entry!.boxes!.file).toEqual(gligen)
    expect(entry!.boxes!.boxes).toHaveLength(2)
    expect(entry!.boxes!.boxes[1]).toMatchObject({ height: 8, width: 12, left: 2, top: 1 })
    // The tiny text encoder is 64 wide.
    await expect(sample(new NodeValue(value))).rejects.toThrow('takes texts of width 768, not 64')
  })

  it('are thirty at most', async () => {
    const boxes = Array.from({ length: 31 }, (_, k) => box(k, [1, 1, 0, 0]))
    await expect(sample(boxed(await encode('x'), boxes))).rejects.toThrow('takes 30 boxes, not 31')
  })
})
