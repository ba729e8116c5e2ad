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
import type { ConditioningValue } from '../node-graph/node-context.ts'
import { sliceAxis } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, unpackTinyCheckpoint } from '../test-kit.ts'
import { TextModels } from '../text-models.ts'
import { callNode, networkContext, NodeValue, type NodeArgument } from './test-kit/call-node.ts'

// First ten tokens of what ComfyUI's PhotoMakerEncode says with the tiny SD1 text encoder and the network below; its
// pictures are 24 pixels wide in place of 224.
const recorded = openFixture(new URL('__fixtures__/photo-maker.safetensors', import.meta.url))
const RECORDED_TOKENS = 10
const vision = (name: string) => new URL(`../vision/__fixtures__/${name}`, import.meta.url)

/** Width of the prompt's tokens, of what the picture encoder says, and of the encoder. */
const [CONTEXT, PROJECTED, WIDTH] = [64, 12, 16]
const folder = mkdtempSync(join(tmpdir(), 'photo-maker-'))

/** Numbers that need no file: `((i · factor) mod count - half) / scale`, and a number added. */
function numbers(shape: readonly number[], [factor, count, scale]: readonly number[], more = 0): Tensor {
  const half = Math.floor(count! / 2)
  return createTensor(
    shape,
    createTensor(shape).data.map((_, i) => (((i * factor!) % count!) - half) / scale! + more),
  )
}

function perceptron(name: string, input: number, [first, second]: readonly (readonly number[])[]) {
  return [
    [`${name}.layernorm.weight`, numbers([input], [5, input === CONTEXT ? 9 : 7, 10], 1)],
    [`${name}.layernorm.bias`, numbers([input], [3, input === CONTEXT ? 13 : 11, 50])],
    [`${name}.fc1.weight`, numbers([CONTEXT, input], [first![0]!, first![1]!, 300])],
    [`${name}.fc1.bias`, numbers([CONTEXT], [first![2]!, first![3]!, 50])],
    [`${name}.fc2.weight`, numbers([CONTEXT, CONTEXT], [second![0]!, second![1]!, 300])],
    [`${name}.fc2.bias`, numbers([CONTEXT], [second![2]!, second![3]!, 50])],
  ] as const
}

/** The tiny picture encoder with numbers for the rest, named as the authors' file names them or as its inside does. */
function writeNetwork(name: string, prefix: string): string {
  const encoder = join(folder, 'encoder.safetensors')
  writeFileSync(encoder, gunzipSync(readFileSync(vision('vit-l.safetensors.gz'))))
  const file = readSafetensors(encoder)
  const tensors = [
    ...[...file.tensors.keys()].map((own) => [own, readTensor(file, own)] as const),
    ['visual_projection_2.weight', numbers([CONTEXT - PROJECTED, WIDTH], [37, 101, 200])] as const,
    ...perceptron('fuse_module.mlp1', 2 * CONTEXT, [
      [53, 97, 11, 13],
      [59, 89, 7, 17],
    ]),
    ...perceptron('fuse_module.mlp2', CONTEXT, [
      [61, 83, 13, 19],
      [67, 79, 17, 23],
    ]),
    ['fuse_module.layer_norm.weight', numbers([CONTEXT], [3, 5, 10], 1)] as const,
    ['fuse_module.layer_norm.bias', numbers([CONTEXT], [5, 7, 50])] as const,
  ].map(([own, tensor]) => [prefix + own, tensor] as const)
  const path = join(folder, name)
  writeFileSync(path, formatSafetensors(tensors, new Map()))
  return path
}

const file = (kind: ModelKind, name: string, path: string) =>
  ModelFile.fromPartial({ kind, name, path, identity: name })
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
const tiny = unpackTinyCheckpoint()
models.setFiles([
  file(ModelKind.MODEL_KIND_CHECKPOINT, 'tiny.safetensors', tiny),
  file(ModelKind.MODEL_KIND_PHOTOMAKER, 'plain.safetensors', writeNetwork('plain.safetensors', '')),
  file(ModelKind.MODEL_KIND_PHOTOMAKER, 'v1.safetensors', writeNetwork('v1.safetensors', 'id_encoder.')),
  file(ModelKind.MODEL_KIND_PHOTOMAKER, 'no.safetensors', tiny),
])
const texts = new TextModels({ webui: () => new Map(), comfy: () => undefined })
const context = { ...networkContext(null as never), models, texts }
const call = (name: string, args: Record<string, NodeArgument>) => callNode(name, args, context)
const checkpoint = {
  kind: ModelKind.MODEL_KIND_CHECKPOINT,
  name: 'tiny.safetensors',
  identity: 'tiny.safetensors',
}
const pictures = openFixture(vision('vision.safetensors'))

async function encode(text: string, name = 'plain.safetensors'): Promise<ConditioningValue> {
  const [photoMaker] = await call('PhotoMakerLoader', { photomaker_model_name: name })
  const [conditioning] = await call('PhotoMakerEncode', {
    photomaker: new NodeValue(photoMaker),
    image: new NodeValue(pictures.tensor('image.wide')),
    clip: new NodeValue({ checkpoint }),
    text,
  })
  return conditioning as ConditioningValue
}

afterAll(async () => {
  await models.clear()
  rmSync(folder, { recursive: true })
})

describe('PhotoMakerEncode', () => {
  it.each(
    [
      'a photo of a man photomaker in a red car',
      'photomaker',
      'photograph of photomaker',
      'a (man photomaker:1.3) with a hat',
      'a portrait of nobody',
      'two  blanks photomaker here',
      'a man photomaker, with a comma photomaker',
    ].map((text, i) => [text, i] as const),
  )('encodes as the original does: %s', async (text, i) => {
    const [entry] = await encode(text)
    const tokens = sliceAxis(entry!.tokens, 1, { from: 0, to: RECORDED_TOKENS })
    expect(maxDifference(tokens, recorded.tensor(`${i}.cond`))).toBeLessThan(1e-4)
    expect(maxDifference(entry!.pooled!, recorded.tensor(`${i}.pooled`))).toBeLessThan(2e-5)
  })

  it('reads the authors’ names of tensors', async () => {
    const [[own], [wrapped]] = [await encode('photomaker'), await encode('photomaker', 'v1.safetensors')]
    expect(maxDifference(own!.tokens, wrapped!.tokens)).toBe(0)
  })

  it('refuses prompts of more than one chunk, as the original fails', async () => {
    await expect(encode(`${'word '.repeat(90)}photomaker`)).rejects.toThrow(/one chunk/)
  })
})

describe('PhotoMakerLoader', () => {
  it('refuses a file of another kind', async () => {
    await expect(call('PhotoMakerLoader', { photomaker_model_name: 'no.safetensors' })).rejects.toThrow(
      /no PhotoMaker model/,
    )
  })
})
