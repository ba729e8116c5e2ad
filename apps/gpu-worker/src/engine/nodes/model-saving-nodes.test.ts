import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ModelFile, ModelKind } from '@atelier/proto'
import { beforeEach, describe, expect, it } from 'vitest'
import type { EngineFile } from '../../engine-protocol.ts'
import { toComfyTexts } from '../image/comfy-texts.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { readTensorBytes } from '../checkpoint/weight-file.ts'
import { ModelStore } from '../models/model-store.ts'
import type { NodeContext } from '../node-graph/node-context.ts'
import { unpackTinyCheckpoint } from '../test-kit.ts'
import { callNode, NodeValue } from './test-kit/call-node.ts'

const path = unpackTinyCheckpoint()
const source = readSafetensors(path)
const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'tiny', identity: 'tiny' }
const models = new ModelStore({
  session: { device: 'cpu', threads: 1 },
  ...{ budgetBytes: 2 ** 30, maxBatchElements: 2 ** 20, onResidentsChanged: () => undefined },
})
models.setFiles([ModelFile.fromPartial({ ...checkpoint, path })])

const folder = mkdtempSync(join(tmpdir(), 'saved-'))
const plain = new NodeValue({ checkpoint })

describe('nodes that save weights', () => {
  let kept: EngineFile[]
  const context = () =>
    ({
      ...{ nodeId: '1', models, fileTexts: () => toComfyTexts('{"1":{}}', '{}') },
      job: { allocate: async () => 7 },
      keep: (file: EngineFile) => void kept.push(file),
    }) as unknown as NodeContext
  /** The files a node kept, read again. */
  const save = async (className: string, args: Record<string, NodeValue>, prefix = 'sub/name') => {
    await callNode(className, { ...args, filename_prefix: prefix }, context())
    return kept.map(({ file, bytes }) => {
      const own = join(folder, `${kept.length} ${file?.name}`)
      writeFileSync(own, bytes)
      return { name: `${file?.subfolder}/${file?.name}`, file: readSafetensors(own) }
    })
  }
  beforeEach(() => {
    kept = []
  })

  it('save a checkpoint as it was, tensor by tensor', async () => {
    const [saved] = await save('CheckpointSave', { model: plain, clip: plain, vae: plain })
    expect(saved!.name).toBe('sub/name_00007_.safetensors')
    for (const [name, entry] of saved!.file.tensors) {
      const own = source.tensors.get(name)
      expect(own, name).toBeDefined()
      expect([entry.dtype, entry.shape]).toEqual([own!.dtype, own!.shape])
      expect(Buffer.compare(readTensorBytes(saved!.file, entry), readTensorBytes(source, own!)), name).toBe(0)
    }
    const parts = /^(model\.diffusion_model|first_stage_model|cond_stage_model)\./
    const count = [...source.tensors.keys()].filter((name) => parts.test(name)).length
    expect(saved!.file.tensors.size).toBe(count)
    expect(saved!.file.metadata).toMatchObject({ prompt: '{"1": {}}', 'modelspec.predict_key': 'epsilon' })
  })

  it('save weights as nodes have changed them', async () => {
    const factors = { q: 0.5, k: 1, v: 1, out: 1 }
    const [model] = await callNode('UNetSelfAttentionMultiply', { model: plain, ...factors })
    const [clip] = await callNode('CLIPAttentionMultiply', { clip: plain, ...factors })
    const [saved] = await save('CheckpointSave', {
      ...{ model: new NodeValue(model), clip: new NodeValue(clip), vae: plain },
    })
    for (const name of [
      'model.diffusion_model.middle_block.1.transformer_blocks.0.attn1.to_q.weight',
      'cond_stage_model.transformer.text_model.encoder.layers.0.self_attn.q_proj.weight',
    ]) {
      const half = readTensor(source, name).data.map((value) => value / 2)
      expect(readTensor(saved!.file, name).data).toEqual(half)
    }
  })

  it('save a denoiser, a text encoder and an autoencoder by themselves', async () => {
    const [model] = await save('ModelSave', { model: plain })
    expect([...model!.file.tensors.keys()].every((name) => name.startsWith('model.diffusion_model.'))).toBe(
      true,
    )
    kept = []
    const [clip] = await save('CLIPSave', { clip: plain })
    expect(clip!.name).toBe('sub/name_clip_l_00007_.safetensors')
    expect(clip!.file.tensors.has('text_model.embeddings.token_embedding.weight')).toBe(true)
    kept = []
    const [vae] = await save('VAESave', { vae: plain })
    expect(vae!.file.tensors.has('decoder.conv_in.weight')).toBe(true)
  })
})
