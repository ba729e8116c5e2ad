import { describe, expect, it } from 'vitest'
import { sketchFile } from './sketch-model.ts'
import { openTextWeights } from './text-names.ts'
import type { TensorEntry } from './weight-file.ts'

const entry = (shape: readonly number[], more: Partial<TensorEntry> = {}): TensorEntry => ({
  ...{ dtype: 'F16', shape, offset: 100, byteLength: 2 * shape.reduce((product, size) => product * size, 1) },
  ...more,
})
const fileOf = (tensors: Readonly<Record<string, TensorEntry>>) => ({
  ...sketchFile({}),
  tensors: new Map(Object.entries(tensors)),
})

describe('a text encoder’s tensors', () => {
  it('have the library’s names, whatever the layout', () => {
    const openClip = openTextWeights(
      sketchFile({
        'c.model.token_embedding.weight': [10, 4],
        'c.model.positional_embedding': [77, 4],
        'c.model.ln_final.bias': [4],
        'c.model.text_projection': [4, 6],
        'c.model.transformer.resblocks.12.ln_1.weight': [4],
        'c.model.transformer.resblocks.12.ln_2.bias': [4],
        'c.model.transformer.resblocks.12.attn.out_proj.weight': [4, 4],
        'c.model.transformer.resblocks.12.mlp.c_fc.weight': [16, 4],
        'c.model.transformer.resblocks.12.mlp.c_proj.bias': [4],
        'c.model.logit_scale': [],
        'c.model.attn_mask': [77, 77],
        'another.ln_final.bias': [4],
      }),
      { prefix: 'c.model.', layout: 'openclip' },
    )
    expect([...openClip.tensors.keys()]).toEqual([
      'text_model.embeddings.token_embedding.weight',
      'text_model.embeddings.position_embedding.weight',
      'text_model.final_layer_norm.bias',
      'text_projection',
      'text_model.encoder.layers.12.layer_norm1.weight',
      'text_model.encoder.layers.12.layer_norm2.bias',
      'text_model.encoder.layers.12.self_attn.out_proj.weight',
      'text_model.encoder.layers.12.mlp.fc1.weight',
      'text_model.encoder.layers.12.mlp.fc2.bias',
    ])
    const library = openTextWeights(
      sketchFile({ 'c.text_model.final_layer_norm.bias': [4], 'c.text_projection.weight': [6, 4] }),
      { prefix: 'c.text_model.', layout: 'transformers' },
    )
    expect([...library.tensors.keys()]).toEqual([
      'text_model.final_layer_norm.bias',
      'text_projection.weight',
    ])
  })

  it('are thirds of joined projections, where they lie: query, key, value', () => {
    const name = 'transformer.resblocks.0.attn.in_proj_'
    const { tensors } = openTextWeights(
      fileOf({ [`${name}weight`]: entry([12, 4]), [`${name}bias`]: entry([12], { offset: 500 }) }),
      { prefix: '', layout: 'openclip' },
    )
    const partOf = (part: string, kind: string) =>
      tensors.get(`text_model.encoder.layers.0.self_attn.${part}_proj.${kind}`)
    expect(['q', 'k', 'v'].map((part) => partOf(part, 'weight'))).toEqual([
      entry([4, 4], { offset: 100 }),
      entry([4, 4], { offset: 132 }),
      entry([4, 4], { offset: 164 }),
    ])
    expect(['q', 'k', 'v'].map((part) => partOf(part, 'bias')?.offset)).toEqual([500, 508, 516])
  })

  it('are thirds of projections whose rows do not follow each other', () => {
    const joined = entry([12, 4], { strides: [10, 1] })
    const { tensors } = openTextWeights(fileOf({ 'transformer.resblocks.0.attn.in_proj_weight': joined }), {
      prefix: '',
      layout: 'openclip',
    })
    const key = tensors.get('text_model.encoder.layers.0.self_attn.k_proj.weight')
    expect(key).toMatchObject({ offset: 100 + 4 * 10 * 2, strides: [10, 1], shape: [4, 4] })
  })
})
