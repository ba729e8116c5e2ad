import { ModelFile, ModelKind } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { unpackVariant } from '../test-kit.ts'
import { openGenerationKit, pixelsOf, smallJob, TINY } from './test-kit.ts'

const refOf = (name: string) => ({ kind: ModelKind.MODEL_KIND_CHECKPOINT, name, identity: name })
const fileOf = (name: string) =>
  ModelFile.fromPartial({
    ...refOf(name),
    path: unpackVariant(new URL(`../models/__fixtures__/${name}.safetensors`, import.meta.url)),
  })
const kit = openGenerationKit(['sd1-inpaint', 'sd1-pix2pix'].map(fileOf))
afterAll(() => kit.close())

const picture = async (colour: string) =>
  sharp({ create: { width: 64, height: 64, channels: 3, background: colour } })
    .png()
    .toBuffer()
const white = { create: { width: 32, height: 64, channels: 3, background: '#fff' } } as const
const halfMask = async () =>
  sharp(await picture('#000'))
    .composite([{ input: white, left: 0, top: 0 }])
    .png()
    .toBuffer()
const inputs = async (colour: string) =>
  new Map<string, Uint8Array>([
    ['picture', await picture(colour)],
    ['mask', await halfMask()],
  ])
const source = (more: object = {}) => ({ images: [{ key: 'picture' }], strength: 1, ...more })
const mask = { image: { key: 'mask' }, round: true, omitOverlay: true, content: 2 }

const bytesOf = async (changes: object, colour = '#8040c0') => {
  const outcome = await kit.run(smallJob(changes), { inputs: await inputs(colour) })
  expect(outcome.kind).toBe('done')
  return (await pixelsOf(outcome)).data
}

describe('an inpainting checkpoint', () => {
  const checkpoint = refOf('sd1-inpaint')

  it('draws a picture from text alone', async () => {
    expect((await bytesOf({ checkpoint })).equals(await bytesOf({ checkpoint: TINY }))).toBe(false)
  })

  it('is shown nothing of a picture without a mask, and all of it at a weight of zero', async () => {
    const at = (conditioningMaskWeight: number) =>
      bytesOf({ checkpoint, source: source(), conditioningMaskWeight })
    const [hidden, shown] = [await at(1), await at(0)]
    expect(hidden.equals(await bytesOf({ checkpoint, source: source() }))).toBe(true)
    expect(shown.equals(hidden)).toBe(false)
  })

  it('is shown what lies outside the mask', async () => {
    const of = (colour: string) => bytesOf({ checkpoint, source: source({ mask }) }, colour)
    expect((await of('#8040c0')).equals(await of('#20c040'))).toBe(false)
  })
})

describe('a checkpoint that edits pictures', () => {
  const checkpoint = refOf('sd1-pix2pix')
  const at = (imageGuidanceScale?: number) => bytesOf({ checkpoint, source: source(), imageGuidanceScale })

  it('is guided by the text alone at a scale of one', async () => {
    expect((await at()).equals(await at(1))).toBe(true)
    expect((await at()).equals(await at(1.5))).toBe(false)
  })

  it('needs no picture', async () => {
    expect((await bytesOf({ checkpoint })).length).toBe(64 * 64 * 3)
  })

  it('refuses prompts in several parts where a picture guides', async () => {
    const images = [{ prompt: 'a cat AND a dog', negativePrompt: '', seed: 5n, infotext: '' }]
    const run = kit.run(smallJob({ checkpoint, source: source(), imageGuidanceScale: 2, images }), {
      inputs: await inputs('#8040c0'),
    })
    await expect(run).rejects.toThrow('AND is not supported for InstructPix2Pix checkpoint')
  })
})

describe('another noise schedule', () => {
  it('is what the options say', async () => {
    const sampling = (extraOptionsJson: string) => ({
      sampling: { sampler: 'euler', schedule: 'automatic', steps: 4, guidanceScale: 5, extraOptionsJson },
    })
    const [plain, terminal, half] = [
      await bytesOf(sampling('')),
      await bytesOf(sampling('{"sd_noise_schedule": "Zero Terminal SNR"}')),
      await bytesOf(sampling('{"use_downcasted_alpha_bar": true}')),
    ]
    expect(plain.equals(terminal)).toBe(false)
    expect(plain.equals(half)).toBe(false)
  })
})
