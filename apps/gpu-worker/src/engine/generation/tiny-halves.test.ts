import { ModelFile, ModelKind, ResizeMode } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromPixels, toPixels } from '../decode/pixels.ts'
import { loadTinyVae } from '../models/load-tiny-vae.ts'
import { TEST_SESSION } from '../test-kit.ts'
import { openGenerationKit, pixelsOf, smallJob } from './test-kit.ts'

const pathOf = (name: string) => new URL(`../preview/__fixtures__/${name}`, import.meta.url).pathname
const files = { encoder: pathOf('taesd_encoder.safetensors'), decoder: pathOf('taesd_decoder.safetensors') }
const toRef = (half: 'encoder' | 'decoder') => ({
  ...{ kind: ModelKind.MODEL_KIND_TINY_VAE, name: `taesd_${half}.safetensors`, identity: half },
})
const [tinyEncoder, tinyDecoder] = [toRef('encoder'), toRef('decoder')]

const kit = openGenerationKit([
  ModelFile.fromPartial({ ...tinyEncoder, path: files.encoder }),
  ModelFile.fromPartial({ ...tinyDecoder, path: files.decoder }),
])
const tiny = loadTinyVae(files, 0.18215, TEST_SESSION)
afterAll(async () => {
  await kit.close()
  await tiny.release()
})

describe('a tiny autoencoder that a job asks for', () => {
  const picture = { width: 64, height: 64, channels: 3 as const, data: new Uint8Array(64 * 64 * 3) }
  picture.data.forEach((_, i) => (picture.data[i] = (i * 7) % 256))
  const inputs = new Map<string, Uint8Array>()
  beforeAll(async () => {
    const raw = { width: 64, height: 64, channels: 3 as const }
    inputs.set('source', new Uint8Array(await sharp(Buffer.from(picture.data), { raw }).png().toBuffer()))
  })

  /** A job that samples next to nothing: its picture shows what encodes and decodes. */
  const run = async (changes: object) => {
    const images = [{ key: 'source', sha256: '', size: 1, mediaType: 'image/png' }]
    const source = { images, strength: 0, resizeMode: ResizeMode.RESIZE_MODE_STRETCH, noiseMultiplier: 1 }
    const job = smallJob({ source: { ...source, backgroundColor: '#ffffff' }, ...changes })
    return (await pixelsOf(await kit.run(job, { inputs }))).data
  }

  it('encodes and decodes in place of the whole one', async () => {
    const { mean } = await tiny.value.encode(fromPixels(picture))
    const wanted = toPixels(await tiny.value.decode(mean))
    const made = await run({ tinyEncoder, tinyDecoder })
    // A run of strength 0 still takes its last, smallest step.
    const differences = made.map((value, i) => Math.abs(value - wanted.data[i]!))
    expect(Math.max(...differences)).toBeLessThanOrEqual(12)
  })

  it('may be asked for by halves', async () => {
    const pictures = await Promise.all([{}, { tinyEncoder }, { tinyDecoder }].map(run))
    const [whole, encoded, decoded] = pictures.map((data) => data.toString('base64'))
    expect(new Set([whole, encoded, decoded]).size).toBe(3)
  })
})
