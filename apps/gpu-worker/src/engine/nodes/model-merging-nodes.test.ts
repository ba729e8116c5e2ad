import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ModelFile, ModelKind } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { ADAPTERS, computeWeight } from '../adapters/test-kit.ts'
import { withChanges } from '../adapters/derive-weights.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { formatSafetensors } from '../checkpoint/write-safetensors.ts'
import { DerivedModels } from '../models/derived-models.ts'
import { ModelStore } from '../models/model-store.ts'
import { openParts } from '../models/open-parts.ts'
import type { ClipValue, ModelValue } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, readCases, unpackTinyCheckpoint } from '../test-kit.ts'
import { callNode, networkContext, NodeValue } from './test-kit/call-node.ts'

/** A node's call on the tiny checkpoint and on the same with the elements of every tensor in reverse. */
interface Case {
  readonly case: string
  readonly node: string
  readonly args: Readonly<Record<string, number>>
  /** Strength of a LoRA on the first before, on the second before, and on the mixture. */
  readonly first?: number
  readonly second?: number
  readonly after?: number
}

const here = new URL('__fixtures__/', import.meta.url)
const recorded = openFixture(new URL('mixtures.safetensors', here))
const cases = readCases<Case>(new URL('mixtures.jsonl', here))
const names = [...readSafetensors(new URL('mixtures.safetensors', here).pathname).tensors.keys()]

const plain = unpackTinyCheckpoint()
const reversed = join(mkdtempSync(join(tmpdir(), 'reversed-')), 'reversed.safetensors')
const source = readSafetensors(plain)
writeFileSync(
  reversed,
  formatSafetensors(
    [...source.tensors].map(([name, { shape }]) => [
      name,
      createTensor(shape, readTensor(source, name).data.slice().reverse()),
    ]),
    new Map(),
  ),
)
const file = (kind: ModelKind, name: string, path: string) =>
  ModelFile.fromPartial({ kind, name, path, identity: `identity of ${name}` })
const files = [
  file(ModelKind.MODEL_KIND_CHECKPOINT, 'plain', plain),
  file(ModelKind.MODEL_KIND_CHECKPOINT, 'reversed', reversed),
  file(ModelKind.MODEL_KIND_LORA, 'kohya', new URL('kohya.safetensors', ADAPTERS).pathname),
]
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles(files)
const remarks: string[] = []
const context = {
  ...networkContext(null as never),
  models,
  remark: (text: string) => void remarks.push(text),
}

const load = (name: string) => {
  const { kind, identity } = files.find((one) => one.name === name)!
  return { checkpoint: { kind, name, identity } }
}
const LORA = { lora_name: 'kohya' }
/** A value with the LoRA on it. */
async function withLora(value: ModelValue | ClipValue, strength: number | undefined, isClip: boolean) {
  if (strength === undefined) return value
  const args = { ...LORA, strength_model: strength, strength_clip: strength }
  const [model, clip] = await callNode(
    'LoraLoader',
    { ...args, model: new NodeValue(value), clip: new NodeValue(value) },
    context,
  )
  return (isClip ? clip : model) as ModelValue
}

async function runCase({ node, args, first, second, after }: Case): Promise<ModelValue> {
  const isClip = node.startsWith('CLIP')
  const input = isClip ? 'clip' : 'model'
  const one = new NodeValue(await withLora(load('plain'), first, isClip))
  const two = new NodeValue(await withLora(load('reversed'), second, isClip))
  const values = node.includes('Merge') ? { [`${input}1`]: one, [`${input}2`]: two } : { [input]: one }
  const [changed] = await callNode(node, { ...values, ...args }, context)
  return withLora(changed as ModelValue, after, isClip)
}

async function computeChanged({ checkpoint, adapters = [] }: ModelValue, weight: string) {
  const derived = new DerivedModels((ref) => models.resolve(ref))
  const parts = openParts([models.resolve(checkpoint)])
  const { derivation } = derived.find(parts, 'plain', { flavour: 'comfy', refs: adapters })
  return weight.startsWith('text_model.')
    ? computeWeight(withChanges(parts.texts[0]!.file, derivation, 'clip_l'), weight)
    : computeWeight(withChanges(source, derivation, 'denoiser'), `model.diffusion_model.${weight}`)
}

describe('nodes that change weights', () => {
  it.each(cases)('$node gives the weights of the original ($case)', async (recordedCase) => {
    const changed = await runCase(recordedCase)
    const own = names.filter((name) => name.startsWith(`${recordedCase.case}.`))
    expect(own.length).toBeGreaterThan(3)
    for (const name of own) {
      const weight = name.slice(recordedCase.case.length + 1)
      const difference = maxDifference(await computeChanged(changed, weight), recorded.tensor(name))
      expect(difference, weight).toBeLessThan(2e-6)
    }
  })

  it('keep what else was said about the first model', async () => {
    const model1 = new NodeValue({ ...load('plain'), patches: { maskThresholds: 1 } })
    const args = { model1, model2: new NodeValue(load('reversed')), ratio: 0.5 }
    const [mixed] = await callNode('ModelMergeSimple', args, context)
    expect(mixed).toMatchObject({ patches: { maskThresholds: 1 }, adapters: [{ part: 'denoiser' }] })
  })

  it('scale what attention over the picture gives as the other nodes do, and nothing over time', async () => {
    const plainModel = new NodeValue(load('plain'))
    const ones = { q: 1, k: 1, v: 1 }
    const [own] = await callNode(
      'UNetSelfAttentionMultiply',
      { model: plainModel, ...ones, out: 0.5 },
      context,
    )
    const cross = { model: new NodeValue(own), ...ones, out: 2 }
    const [both] = await callNode('UNetCrossAttentionMultiply', cross, context)
    const over = { self_structural: 0.5, self_temporal: 9, cross_structural: 2, cross_temporal: 9 }
    const [scaled] = await callNode('UNetTemporalAttentionMultiply', { model: plainModel, ...over }, context)
    const block = 'input_blocks.1.1.transformer_blocks.0.'
    for (const name of [
      'attn1.to_out.0.weight',
      'attn1.to_out.0.bias',
      'attn2.to_out.0.weight',
      'attn2.to_q.weight',
    ]) {
      const weight = await computeChanged(scaled as ModelValue, block + name)
      expect(maxDifference(weight, await computeChanged(both as ModelValue, block + name)), name).toBe(0)
    }
    const name = `${block}attn1.to_out.0.weight`
    const kept = await computeChanged(load('plain'), name)
    expect(maxDifference(await computeChanged(scaled as ModelValue, name), kept)).toBeGreaterThan(0)
  })

  it('change what the model predicts', async () => {
    const inputs = {
      latent: createTensor([1, 4, 8, 8], new Float32Array(256).fill(0.5)),
      timesteps: Float32Array.of(500),
      context: createTensor([1, 77, 64], new Float32Array(77 * 64).fill(0.1)),
    }
    const predict = async ({ checkpoint, adapters = [] }: ModelValue) => {
      const use = await models.useCheckpoint(checkpoint, { flavour: 'comfy', refs: adapters })
      const prediction = await use.value.model.predict(inputs)
      use.done()
      return prediction
    }
    const mix = async (ratio: number) => {
      const [model1, model2] = [new NodeValue(load('plain')), new NodeValue(load('reversed'))]
      const [mixed] = await callNode('ModelMergeSimple', { model1, model2, ratio }, context)
      return predict(mixed as ModelValue)
    }
    expect(maxDifference(await mix(1), await predict(load('plain')))).toBeLessThan(1e-6)
    expect(maxDifference(await mix(0), await predict(load('reversed')))).toBeLessThan(1e-6)
    expect(maxDifference(await mix(0.5), await predict(load('plain')))).toBeGreaterThan(0.01)
    await models.clear()
  })
})
