import { describe, expect, it } from 'vitest'
import { detectModel } from '../checkpoint/detect-model.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { buildClipText } from '../networks/clip-text.ts'
import { buildUnet } from '../networks/unet.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../networks/vae.ts'
import { createTensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { exposeMarks } from './expose-marks.ts'
import type { Graph } from './graph.ts'
import { createSession } from './session.ts'
import type { SessionInputs } from './network-session.ts'

// Reference: what forward hooks saw inside ComfyUI's and transformers' networks in f32. Tolerance of inner layers: 5e-5.
const TOLERANCE = 5e-5
const file = readSafetensors(unpackTinyCheckpoint())
const { unet, vae, textEncoders } = detectModel(file)
const recorded = openFixture(new URL('__fixtures__/inner-layers.safetensors', import.meta.url))
const cases = openFixture(new URL('../models/__fixtures__/unet.safetensors', import.meta.url))

async function look(graph: Graph, inputs: SessionInputs, names: readonly string[]) {
  const session = await createSession(exposeMarks(graph, names), TEST_SESSION)
  const outputs = await session.run(inputs, names)
  await session.release()
  return outputs
}

describe('the values inside a UNet', () => {
  const places = [
    ...['time_embed.2', 'input_blocks.0.0', 'input_blocks.3.0', 'input_blocks.4.1', 'middle_block.1'],
    ...['output_blocks.2.1', 'output_blocks.11.0', 'out.0'],
    ...['emb_layers.0', 'in_layers.1', 'in_layers.2', 'out_layers.1'].map(
      (name) => `input_blocks.1.0.${name}`,
    ),
    ...['', '.attn1', '.attn1.to_k', '.attn2', '.ff', '.ff.net.0', '.norm3'].map(
      (name) => `input_blocks.1.1.transformer_blocks.0${name}`,
    ),
  ]

  it('are those of the original, block by block and inside the first residual and transformer block', async () => {
    const inputs = {
      latent: cases.tensor('0.x'),
      timesteps: cases.tensor('0.timesteps'),
      context: cases.tensor('0.context'),
    }
    const names = places.map((name) => unet.prefix + name)
    const outputs = await look(buildUnet(file, unet), inputs, names)
    for (const name of places)
      expect(maxDifference(outputs[unet.prefix + name]!, recorded.tensor(name)), name).toBeLessThan(TOLERANCE)
  })
})

describe('the values inside an autoencoder', () => {
  it.each([
    [
      'encoder',
      buildVaeEncoder(file, vae!),
      { pixels: recorded.tensor('x') },
      ['encoder.down.2.downsample', 'encoder.down.3.block.1', 'encoder.mid.attn_1', 'encoder.norm_out'],
    ],
    [
      'decoder',
      buildVaeDecoder(file, vae!),
      { latent: recorded.tensor('z') },
      ['post_quant_conv', 'decoder.mid.block_1', 'decoder.up.3.upsample', 'decoder.up.2.block.2'],
    ],
  ] as const)('are those of the original: %s', async (_, graph, inputs, places) => {
    const outputs = await look(
      graph,
      inputs,
      places.map((name) => vae!.prefix + name),
    )
    for (const name of places)
      expect(maxDifference(outputs[vae!.prefix + name]!, recorded.tensor(name)), name).toBeLessThan(TOLERANCE)
  })
})

describe('the values inside a text encoder', () => {
  const places = ['layer_norm1', 'self_attn', 'self_attn.q_proj', 'mlp'].map(
    (name) => `text_model.encoder.layers.0.${name}`,
  )

  it('are those of the original', async () => {
    const { shape, data } = recorded.tensor('ids')
    const inputs = {
      tokens: { shape, integers: BigInt64Array.from([...data], BigInt) },
      embeddings: createTensor([1, 77, 64]),
      use: createTensor([1, 77, 1]),
      ends: { shape: [1], integers: BigInt64Array.of(0n) },
    }
    const outputs = await look(buildClipText(file, textEncoders[0]!), inputs, places)
    for (const name of places)
      expect(maxDifference(outputs[name]!, recorded.tensor(name)), name).toBeLessThan(TOLERANCE)
  })
})

describe('exposeMarks', () => {
  const graph = buildUnet(file, unet)

  it('makes outputs of every marked value where none is named', () => {
    const exposed = exposeMarks(graph)
    expect(exposed.outputs.length).toBe(graph.outputs.length + graph.marks!.size)
    expect(graph.marks!.size).toBeGreaterThan(300)
  })

  it('leaves the graph that it was given as it was', () => {
    const before = graph.ops.length
    exposeMarks(graph)
    expect(graph.ops).toHaveLength(before)
    expect(graph.outputs.map(({ name }) => name)).toEqual(['prediction'])
  })

  it('says which name is not marked', () => {
    expect(() => exposeMarks(graph, ['input_blocks.99.0'])).toThrow(
      'no value of the graph is marked "input_blocks.99.0"',
    )
  })
})
