import { describe, expect, it } from 'vitest'
import type { TensorEntry } from '../checkpoint/weight-file.ts'
import { declareFamily } from './adapter-family.ts'

const file = (metadata: Readonly<Record<string, string>>, names: readonly string[] = []) => ({
  ...{ path: '/lora.safetensors', sizeBytes: 0, metadata },
  tensors: new Map(
    names.map((name) => [name, { dtype: 'F16', shape: [1], offset: 0, byteLength: 2 } as TensorEntry]),
  ),
})

describe('the family an adapter says it was made for', () => {
  // Values as kohya's trainer and the ModelSpec standard write them.
  it.each([
    [{ ss_base_model_version: 'sd_v1' }, 'sd1'],
    [{ ss_base_model_version: 'sd_v2_768_v' }, 'sd2'],
    [{ ss_base_model_version: 'sdxl_base_v1-0' }, 'sdxl'],
    [{ ss_v2: 'True' }, 'sd2'],
    [{ 'modelspec.architecture': 'stable-diffusion-xl-v1-base/lora' }, 'sdxl'],
    [{ 'modelspec.architecture': 'stable-diffusion-v1/lora' }, 'sd1'],
    [{ ss_v2: 'False', ss_network_module: 'networks.lora' }, undefined],
    [{}, undefined],
  ])('%j: %s', (metadata, family) => {
    expect(declareFamily(file(metadata))).toBe(family)
  })

  it.each([
    'lora_te2_text_model_encoder_layers_0_mlp_fc1.alpha',
    'text_encoder_2.text_model.x.lora_A.weight',
  ])('is SDXL with %s, a layer of a second text encoder', (name) => {
    expect(declareFamily(file({}, [name]))).toBe('sdxl')
  })
})
