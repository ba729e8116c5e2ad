import { describe, expect, it } from 'vitest'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { listTargets } from './adapter-targets.ts'
import { readModules } from './read-modules.ts'

function fileOf(shapes: Readonly<Record<string, readonly number[]>>): WeightFile {
  const entries = Object.entries(shapes).map(
    ([name, shape]) => [name, { dtype: 'F32', shape, offset: 0, byteLength: 0 }] as const,
  )
  return { path: '/file.safetensors', sizeBytes: 0, tensors: new Map(entries), metadata: {} }
}

const PREFIX = 'model.diffusion_model.'
const KEY = `${PREFIX}input_blocks.1.1.transformer_blocks.0.attn1.to_out.0`
const denoiser = {
  file: fileOf({ [`${KEY}.weight`]: [32, 32], [`${KEY}.bias`]: [32] }),
  config: { prefix: PREFIX, levels: [{ channels: 32, depths: [1, 1] }] },
}
const text = (more: Readonly<Record<string, readonly number[]>> = {}) =>
  fileOf({ 'text_model.encoder.layers.0.self_attn.q_proj.weight': [64, 64], ...more })
const Q_PROJ = 'text_model_encoder_layers_0_self_attn_q_proj'

describe('names of a UNet layer', () => {
  const targets = listTargets({ denoiser, texts: [] })

  // Forms of reference/diffusion-models.md 2.1.
  it.each([
    'lora_unet_input_blocks_1_1_transformer_blocks_0_attn1_to_out_0',
    'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0',
    'oft_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0',
    'lycoris_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0',
    'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0',
    'down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0',
    'unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out',
    'base_model.model.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0',
    'diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_out.0',
    'model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_out.0',
  ])('%s', (name) => {
    expect(targets.get(name)).toEqual({
      part: 'denoiser',
      weight: `${KEY}.weight`,
      shape: [32, 32],
      bias: { name: `${KEY}.bias`, shape: [32] },
    })
  })
})

describe('names of text encoder layers', () => {
  it.each([
    ['SD1', 'clip_l', [`lora_te_${Q_PROJ}`, `lora_te1_${Q_PROJ}`]],
    ['SD2', 'clip_h', [`lora_te_${Q_PROJ}`]],
    ['the SDXL refiner', 'clip_g', [`lora_te_${Q_PROJ}`]],
  ] as const)('%s has one encoder, the first', (_, key, names) => {
    const targets = listTargets({ texts: [{ key, file: text() }] })
    for (const name of [
      ...names,
      'text_encoder.text_model.encoder.layers.0.self_attn.q_proj',
      'text_encoder.text_model.encoder.layers.0.self_attn.to_q',
      'text_encoder.encoder.layers.0.self_attn.q_proj',
      `text_encoders.${key}.transformer.text_model.encoder.layers.0.self_attn.q_proj`,
    ])
      expect(targets.get(name)?.part, name).toBe(key)
  })

  it('SDXL has two, each under its own number', () => {
    const texts = [
      { key: 'clip_l', file: text() },
      { key: 'clip_g', file: text({ text_projection: [64, 128] }) },
    ] as const
    const targets = listTargets({ texts })
    expect(targets.get(`lora_te1_${Q_PROJ}`)?.part).toBe('clip_l')
    expect(targets.get(`lora_te2_${Q_PROJ}`)?.part).toBe('clip_g')
    expect(targets.get('text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj')?.part).toBe('clip_g')
    expect(targets.get('lora_te2_text_projection')).toMatchObject({ shape: [128, 64], isTransposed: true })
  })
})

describe('tensors of an adapter file', () => {
  it.each([
    ['a.lora_up.weight', 'a.lora_down.weight'],
    ['a.lora_B.weight', 'a.lora_A.weight'],
    ['a.lora_B.default.weight', 'a.lora_A.default.weight'],
    ['a.lora.up.weight', 'a.lora.down.weight'],
    ['a_lora.up.weight', 'a_lora.down.weight'],
    ['a.lora_linear_layer.up.weight', 'a.lora_linear_layer.down.weight'],
  ])('%s and %s are the factors of layer a', (up, down) => {
    const { modules, others } = readModules(fileOf({ [up]: [8, 2], [down]: [2, 4], 'a.alpha': [] }))
    expect(others).toEqual([])
    expect(modules).toHaveLength(1)
    expect(modules[0]!.base).toBe('a')
    expect(modules[0]!.shapeOf('lora_up.weight')).toEqual([8, 2])
    expect(modules[0]!.shapeOf('lora_down.weight')).toEqual([2, 4])
    expect(modules[0]!.has('alpha')).toBe(true)
  })

  it('that are no part of a module are told apart, but for embeddings, which prompts take', () => {
    const { modules, others } = readModules(
      fileOf({ 'a.diff_b': [4], 'bundle_emb.x.string_to_param.*': [1, 64], 'a.strange': [4] }),
    )
    expect(modules.map(({ base }) => base)).toEqual(['a'])
    expect(others).toEqual(['a.strange'])
  })
})
