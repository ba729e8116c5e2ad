import { describe, expect, it } from 'vitest'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import { readSafetensors } from '../checkpoint/safetensors.ts'
import { maxDifference, openFixture } from '../test-kit.ts'
import { deriveWeights } from './derive-weights.ts'
import { adapter, ADAPTERS, openTinyModel } from './test-kit.ts'

// Reference: weights of the tiny SD1 as ComfyUI and as A1111's own classes change them at strength 0.8. Tolerance 2e-6.
const TOLERANCE = 2e-6
const STRENGTH = 0.8
const KEY = 'input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight'

const model = openTinyModel()

const recordings = [
  { file: 'comfy-weights', flavour: 'comfy' },
  { file: 'comfy-convolutions', flavour: 'comfy' },
  { file: 'webui-weights', flavour: 'webui' },
] as const

describe.each(recordings)('adapters beside $file', ({ file, flavour }) => {
  const url = new URL(`__fixtures__/${file}.safetensors`, import.meta.url)
  const recorded = openFixture(url)
  const cases = [...readSafetensors(url.pathname).tensors.keys()].map(
    (key) => key.split(' ') as [string, string],
  )

  it.each(cases)('%s changes %s as recorded', async (name, weight) => {
    const changed = await model.read(weight, [adapter(name, STRENGTH)], flavour)
    expect(maxDifference(changed, recorded.tensor(`${name} ${weight}`))).toBeLessThan(TOLERANCE)
  })

  it.each(cases)('%s at strength 0 leaves %s alone', async (name, weight) => {
    const [plain, changed] = [
      await model.read(weight, [], flavour),
      await model.read(weight, [adapter(name, 0)], flavour),
    ]
    expect(maxDifference(plain, changed)).toBe(0)
  })
})

describe('several adapters', () => {
  it('add up, whatever their order', async () => {
    const [first, second] = [adapter('kohya', 0.8), adapter('lokr_full', 0.5)]
    const [plain, one, other, both, reversed] = [
      await model.read(KEY, [], 'comfy'),
      await model.read(KEY, [first], 'comfy'),
      await model.read(KEY, [second], 'comfy'),
      await model.read(KEY, [first, second], 'comfy'),
      await model.read(KEY, [second, first], 'comfy'),
    ]
    const sum = one.data.map((value, i) => value + other.data[i]! - plain.data[i]!)
    expect(maxDifference(both, { ...plain, data: sum })).toBeLessThan(TOLERANCE)
    expect(maxDifference(both, reversed)).toBeLessThan(TOLERANCE)
  })

  it('read weights as the one before left them: DoRA last is not DoRA first', async () => {
    const [dora, plain] = [adapter('dora_input_axis', 1), adapter('kohya', 0.8)]
    const [last, first] = [
      await model.read(KEY, [plain, dora], 'comfy'),
      await model.read(KEY, [dora, plain], 'comfy'),
    ]
    expect(maxDifference(last, first)).toBeGreaterThan(0.01)
  })

  it('act on the parts of a model with strengths of their own', async () => {
    const onText = adapter('kohya', 0, { strengthOf: (part) => (part === 'clip_l' ? 0.8 : 0) })
    const text = 'text_model.encoder.layers.1.self_attn.q_proj.weight'
    expect(maxDifference(await model.read(KEY, [onText], 'webui'), await model.read(KEY, [], 'webui'))).toBe(
      0,
    )
    const recorded = await model.read(text, [adapter('kohya', 0.8)], 'webui')
    expect(maxDifference(await model.read(text, [onText], 'webui'), recorded)).toBe(0)
  })
})

describe('a limit of ranks', () => {
  it('uses the first ones alone, and the scale of all, in A1111 alone', async () => {
    const read = (rankLimit: number | undefined, flavour: 'webui' | 'comfy') =>
      model.read(KEY, [adapter('kohya', 1, { rankLimit })], flavour)
    const all = await read(undefined, 'webui')
    expect(maxDifference(await read(4, 'webui'), all)).toBe(0)
    expect(maxDifference(await read(9, 'webui'), all)).toBe(0)
    expect(maxDifference(await read(2, 'comfy'), all)).toBe(0)
    const plain = await model.read(KEY, [], 'webui')
    const half = await read(2, 'webui')
    expect(maxDifference(half, all)).toBeGreaterThan(0.01)
    expect(maxDifference(half, plain)).toBeGreaterThan(0.01)
    expect(maxDifference(await read(0, 'webui'), plain)).toBe(0)
  })
})

describe('what does not fit', () => {
  it('names tensors that are for no layer', () => {
    const { remarks } = deriveWeights(model.targets, [adapter('unknown_keys', 1)], 'comfy')
    expect([...remarks.values()].flat()).toEqual([
      'unknown_keys: 2 tensors are for no layer of this model: ' +
        'lora_unet_no_such_block.lora_down.weight, lora_unet_no_such_block.lora_up.weight',
    ])
  })

  it('leaves a weight of another shape unchanged, says so, and applies the rest', async () => {
    const wrong = adapter('wrong_shape', 1)
    const { remarks, changes } = deriveWeights(model.targets, [wrong], 'comfy')
    expect([...remarks.values()].flat()).toEqual([
      'wrong_shape: 1 modules do not fit their layers: ' +
        'lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k: ' +
        'its product is [64, 128], the weight [32, 64]',
    ])
    expect([...changes.keys()]).toEqual(['clip_l'])
    expect(maxDifference(await model.read(KEY, [wrong], 'comfy'), await model.read(KEY, [], 'comfy'))).toBe(0)
  })

  it('leaves a new GLoRA out in A1111, which knows the old layout alone', () => {
    const told = (flavour: 'webui' | 'comfy') =>
      [...deriveWeights(model.targets, [adapter('glora', 1)], flavour).remarks.values()].flat()
    expect(told('webui')).toEqual([expect.stringContaining('glora: 1 modules do not fit their layers')])
    expect(told('comfy')).toEqual([])
  })

  it('is refused when the file ends too early', () => {
    const path = new URL('truncated.safetensors', ADAPTERS).pathname
    expect(() => readSafetensors(path)).toThrow(CheckpointError)
    expect(() => readSafetensors(path)).toThrow(
      /truncated\.safetensors: its tensors end at byte 7056, the file at 4704/,
    )
  })
})
