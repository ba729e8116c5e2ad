import { ModelKind, type ModelFile } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { AdapterSet } from '../models/derived-models.ts'
import type { NodeContext } from '../node-graph/node-context.ts'
import { callNode, NodeValue } from './test-kit/call-node.ts'

const FILE = { kind: ModelKind.MODEL_KIND_LORA, name: 'style.safetensors', identity: 'style' }
const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny.safetensors', identity: 'tiny' }
const [model, clip] = [new NodeValue({ checkpoint }), new NodeValue({ checkpoint, stopAtLayer: -2 })]

function contextOf(remarks: readonly string[] = []) {
  const told: string[] = []
  const sets: (AdapterSet | undefined)[] = []
  const context = {
    remark: (text: string) => void told.push(text),
    models: {
      find: (kind: ModelKind, name: string) =>
        kind === FILE.kind && name === FILE.name ? (FILE as ModelFile) : undefined,
      useCheckpoint: async (_: unknown, set: AdapterSet | undefined) => {
        sets.push(set)
        return { value: { remarks }, done: () => undefined }
      },
    },
  } as unknown as NodeContext
  return { context, told, sets }
}

const load = (strength_model: number, strength_clip: number, context: NodeContext, of = { model, clip }) =>
  callNode('LoraLoader', { ...of, lora_name: FILE.name, strength_model, strength_clip }, context)

describe('LoraLoader', () => {
  it('adds the file to model and text encoders, each with its strength', async () => {
    const [changedModel, changedClip] = await load(0.8, -0.5, contextOf().context)
    expect(changedModel).toEqual({
      checkpoint,
      adapters: [{ file: FILE, denoiserStrength: 0.8, textStrength: 0 }],
    })
    expect(changedClip).toEqual({
      ...{ checkpoint, stopAtLayer: -2 },
      adapters: [{ file: FILE, denoiserStrength: 0, textStrength: -0.5 }],
    })
  })

  it('adds to those that are there', async () => {
    const [first] = await load(0.8, 1, contextOf().context)
    const [second] = await load(0.3, 1, contextOf().context, { model: new NodeValue(first), clip })
    expect(second).toMatchObject({ adapters: [{ denoiserStrength: 0.8 }, { denoiserStrength: 0.3 }] })
  })

  it('gives its inputs back when both strengths are 0', async () => {
    const outputs = await load(0, 0, contextOf().context)
    expect(outputs).toEqual([model.value, clip.value])
  })

  it('tells what of the file does not act', async () => {
    const { context, told, sets } = contextOf([
      'style.safetensors: 2 tensors are for no layer of this model: a, b',
    ])
    await load(1, 1, context)
    expect(told).toEqual(['style.safetensors: 2 tensors are for no layer of this model: a, b'])
    expect(sets).toEqual([{ flavour: 'comfy', refs: [{ file: FILE, denoiserStrength: 1, textStrength: 0 }] }])
  })

  it('fails for a file that is not here', async () => {
    const args = { model, clip, lora_name: 'none.safetensors', strength_model: 1, strength_clip: 1 }
    await expect(callNode('LoraLoader', args, contextOf().context)).rejects.toMatchObject({
      code: 'not-found',
      exceptionType: 'FileNotFoundError',
      message: 'the LoRA none.safetensors is not here',
    })
  })
})

describe('LoraLoaderModelOnly', () => {
  it('adds the file to the model', async () => {
    const args = { model, lora_name: FILE.name, strength_model: 0.4 }
    expect(await callNode('LoraLoaderModelOnly', args, contextOf().context)).toEqual([
      { checkpoint, adapters: [{ file: FILE, denoiserStrength: 0.4, textStrength: 0 }] },
    ])
  })

  it('gives the model back at strength 0', async () => {
    const args = { model, lora_name: FILE.name, strength_model: 0 }
    expect(await callNode('LoraLoaderModelOnly', args, contextOf().context)).toEqual([model.value])
  })
})
