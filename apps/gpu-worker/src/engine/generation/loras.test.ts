import { ModelKind, ModelFile, type ModelRef } from '@atelier/proto'
import { afterAll, describe, expect, it } from 'vitest'
import type { EngineOutcome } from '../../engine-protocol.ts'
import { ADAPTERS } from '../adapters/test-kit.ts'
import { openGenerationKit, pixelsOf, smallJob, smallSampling, TINY_AGAIN } from './test-kit.ts'

const refOf = (name: string): ModelRef => ({
  kind: ModelKind.MODEL_KIND_LORA,
  name: `${name}.safetensors`,
  identity: `identity of ${name}`,
})
const names = ['kohya', 'locon', 'norm', 'wrong_shape', 'unknown_keys', 'sdxl_kohya_ldm_names', 'truncated']
const kit = openGenerationKit(
  names.map((name) => {
    const path = new URL(`${name}.safetensors`, ADAPTERS).pathname
    return ModelFile.fromPartial({ ...refOf(name), path })
  }),
)
afterAll(() => kit.close())

const lora = (
  name: string,
  denoiserStrength: number,
  textStrength = denoiserStrength,
  more: object = {},
) => ({
  file: refOf(name),
  ...{ denoiserStrength, textStrength },
  ...more,
})
const picture = async (loras: readonly object[], changes: object = {}): Promise<Buffer> =>
  (await pixelsOf(await kit.run(smallJob({ loras, ...changes })))).data
const remarksOf = (outcome: EngineOutcome) =>
  outcome.kind === 'failed' ? [] : (outcome.result?.remarks ?? [])

describe('LoRAs of a generation job', () => {
  it('change the picture, and the next job without them has the plain one', async () => {
    const plain = await picture([])
    const changed = await picture([lora('kohya', 0.8)])
    expect(changed.equals(plain)).toBe(false)
    expect((await picture([])).equals(plain)).toBe(true)
    expect((await picture([lora('kohya', 0.8)])).equals(changed)).toBe(true)
  })

  it('of strength 0 change nothing', async () => {
    expect((await picture([lora('kohya', 0)])).equals(await picture([]))).toBe(true)
  })

  it('act on denoiser and text encoder with strengths of their own', async () => {
    const [both, denoiser, text, plain] = [
      await picture([lora('kohya', 0.8)]),
      await picture([lora('kohya', 0.8, 0)]),
      await picture([lora('kohya', 0, 0.8)]),
      await picture([]),
    ]
    const different = new Set([both, denoiser, text, plain].map((data) => data.toString('base64')))
    expect(different.size).toBe(4)
  })

  it('stack', async () => {
    const [one, other, both] = [
      await picture([lora('kohya', 0.8)]),
      await picture([lora('locon', 0.6)]),
      await picture([lora('kohya', 0.8), lora('locon', 0.6)]),
    ]
    expect(both.equals(one) || both.equals(other)).toBe(false)
  })

  it('use the ranks they are limited to', async () => {
    const all = await picture([lora('kohya', 0.8)])
    expect((await picture([lora('kohya', 0.8, 0.8, { rankLimit: 1 })])).equals(all)).toBe(false)
    expect((await picture([lora('kohya', 0.8, 0.8, { rankLimit: 4 })])).equals(all)).toBe(true)
    expect((await picture([lora('kohya', 0.8, 0.8, { rankLimit: 0 })])).equals(await picture([]))).toBe(true)
  })

  it('act in the second pass as its own prompt names them', async () => {
    const hires = (loras: readonly object[]) => ({
      hires: {
        ...{ width: 96, height: 80, strength: 0.5, prompt: 'a cat', negativePrompt: '' },
        upscaler: { name: 'Latent' },
        sampling: smallSampling({ steps: 3 }),
        loras,
      },
    })
    const [plain, second, first] = [
      await picture([], hires([])),
      await picture([], hires([lora('kohya', 0.8)])),
      await picture([lora('kohya', 0.8)], hires([])),
    ]
    expect(second.equals(plain)).toBe(false)
    expect(first.equals(plain)).toBe(false)
    expect(second.equals(first)).toBe(false)
  })

  it('are taken over by a refiner', async () => {
    const refiner = { refiner: { checkpoint: TINY_AGAIN, switchAt: 0.5, bySteps: true } }
    // The refiner is the same model under another name: with it or without, the picture is the same.
    expect((await picture([lora('kohya', 0.8)], refiner)).equals(await picture([lora('kohya', 0.8)]))).toBe(
      true,
    )
  })

  it('of jobs that run side by side keep apart, bit for bit', async () => {
    const sets = [[], [lora('kohya', 0.8)], [lora('kohya', 0.3)], [lora('norm', 1), lora('locon', 0.5)]]
    const alone: Buffer[] = []
    for (const set of sets) alone.push(await picture(set))
    const together = await Promise.all(sets.map((set) => picture(set)))
    together.forEach((data, i) => expect(data.equals(alone[i]!), `set ${i}`).toBe(true))
  })
})

describe('LoRAs that do not fit', () => {
  it('are told of, and the job goes on with what fits', async () => {
    const outcome = await kit.run(smallJob({ loras: [lora('wrong_shape', 1), lora('unknown_keys', 1)] }))
    expect(outcome.kind).toBe('done')
    expect(remarksOf(outcome)).toEqual([
      expect.stringContaining(
        'wrong_shape.safetensors: 1 modules do not fit their layers: lora_unet_down_blocks_0',
      ),
      expect.stringContaining('unknown_keys.safetensors: 2 tensors are for no layer of this model'),
    ])
    expect((await pixelsOf(outcome)).data.equals(await picture([]))).toBe(false)
  })

  it('of another family are refused by name, and the next job runs', async () => {
    const job = smallJob({ loras: [lora('sdxl_kohya_ldm_names', 1)] })
    await expect(kit.run(job)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringMatching(
        /^the LoRA sdxl_kohya_ldm_names.safetensors was made for sdxl, not for this sd1 checkpoint: .* no layer of this model/,
      ) as string,
    })
    expect((await kit.run(smallJob())).kind).toBe('done')
  })

  it('are refused when the file ends too early', async () => {
    await expect(kit.run(smallJob({ loras: [lora('truncated', 1)] }))).rejects.toMatchObject({
      name: 'CheckpointError',
      reason: 'its tensors end at byte 7056, the file at 4704',
    })
  })

  it('are refused when the file is not there any more', async () => {
    const missing = { ...lora('kohya', 1), file: { ...refOf('kohya'), identity: 'another' } }
    await expect(kit.run(smallJob({ loras: [missing] }))).rejects.toMatchObject({ code: 'model-changed' })
  })
})
