import { MaskedContent, ResizeMode } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openGenerationKit, pixelsOf, smallJob, smallSampling } from './test-kit.ts'

const kit = openGenerationKit()
afterAll(() => kit.close())

/** A picture of slanted colours, and a mask whose left half is white. */
async function drawInputs(width: number, height: number): Promise<Map<string, Uint8Array>> {
  const data = Buffer.alloc(width * height * 3)
  for (let i = 0; i < width * height; i += 1) {
    const [x, y] = [i % width, Math.floor(i / width)]
    data.set([(x * 3) % 256, (y * 5) % 256, (x + y) % 256], 3 * i)
  }
  const mask = Buffer.alloc(width * height)
  for (let i = 0; i < mask.length; i += 1) mask[i] = i % width < width / 2 ? 255 : 0
  const raw = (channels: 1 | 3) => ({ raw: { width, height, channels } })
  return new Map([
    ['source', new Uint8Array(await sharp(data, raw(3)).png().toBuffer())],
    ['mask', new Uint8Array(await sharp(mask, raw(1)).png().toBuffer())],
  ])
}

const ref = (key: string) => ({ key, sha256: '', size: 1, mediaType: 'image/png' })
const source = (changes: object = {}) => ({
  ...{ images: [ref('source')], strength: 0.8, resizeMode: ResizeMode.RESIZE_MODE_STRETCH },
  ...{ noiseMultiplier: 1, backgroundColor: '#ffffff' },
  ...changes,
})
const mask = (changes: object = {}) => ({
  ...{ image: ref('mask'), round: true, content: MaskedContent.MASKED_CONTENT_ORIGINAL },
  ...changes,
})

describe('image to image', () => {
  let inputs: Map<string, Uint8Array>
  let original: Buffer
  beforeAll(async () => {
    inputs = await drawInputs(64, 64)
    original = await sharp(inputs.get('source')!).raw().toBuffer()
  })
  const run = (changes: object, job: object = {}) =>
    kit.run(smallJob({ source: source(changes), ...job }), { inputs })

  /** Whether columns `from` to `to` equal the source's. */
  const keeps = (data: Buffer, from: number, to: number): boolean => {
    for (let y = 0; y < 64; y += 1)
      for (let at = (y * 64 + from) * 3; at < (y * 64 + to) * 3; at += 1)
        if (data[at] !== original[at]) return false
    return true
  }

  it.each([
    ['fill', MaskedContent.MASKED_CONTENT_FILL],
    ['original', MaskedContent.MASKED_CONTENT_ORIGINAL],
    ['noise', MaskedContent.MASKED_CONTENT_NOISE],
    ['nothing', MaskedContent.MASKED_CONTENT_NOTHING],
  ] as const)('keeps every pixel outside the mask, filled with %s', async (_, content) => {
    const { data } = await pixelsOf(await run({ mask: mask({ content }) }))
    expect(keeps(data, 33, 64)).toBe(true)
    expect(keeps(data, 0, 31)).toBe(false)
  })

  it('fills with noise of each image’s seed', async () => {
    const job = { batchSize: 2, images: [5n, 6n].map((seed) => ({ prompt: 'a cat', seed })) }
    const noise = mask({ content: MaskedContent.MASKED_CONTENT_NOISE })
    const { files } = await run({ strength: 0, mask: noise }, job)
    const [first, second] = files.map(({ bytes }) => Buffer.from(bytes))
    // Nothing is sampled: the pictures show what the masked half was filled with.
    expect(first!.equals(second!)).toBe(false)
    const alone = await run({ strength: 0, mask: noise }, { images: [job.images[1]] })
    expect(second!.equals(Buffer.from(alone.files[0]!.bytes))).toBe(true)
  })

  it('repaints the other half where the mask is inverted', async () => {
    const { data } = await pixelsOf(await run({ mask: mask({ invert: true }) }))
    expect([keeps(data, 0, 31), keeps(data, 33, 64)]).toEqual([true, false])
  })

  it.each(['euler', 'dpmpp_2m', 'ddim', 'plms'])('keeps the unmasked latent with %s', async (sampler) => {
    const changes = { mask: mask({ omitOverlay: true }) }
    const { data } = await pixelsOf(await run(changes, { sampling: smallSampling({ sampler }) }))
    // Without the overlay the kept half has been through the autoencoder, and nothing else.
    const { data: encoded } = await pixelsOf(await run({ strength: 0, mask: mask({ omitOverlay: true }) }))
    const away = (columns: readonly [number, number]) => {
      let largest = 0
      for (let y = 0; y < 64; y += 1)
        for (let at = (y * 64 + columns[0]) * 3; at < (y * 64 + columns[1]) * 3; at += 1)
          largest = Math.max(largest, Math.abs(data[at]! - encoded[at]!))
      return largest
    }
    expect(away([0, 20])).toBeGreaterThan(away([62, 64]))
  })

  it('has the size of the source where only the masked part is sampled', async () => {
    const large = await drawInputs(120, 100)
    const outcome = await kit.run(
      smallJob({ source: source({ mask: mask({ onlyMasked: true, padding: 4 }) }) }),
      {
        inputs: large,
      },
    )
    const { data, width, height } = await pixelsOf(outcome)
    expect([width, height]).toEqual([120, 100])
    const before = await sharp(large.get('source')!).raw().toBuffer()
    expect(data.subarray(119 * 3, 120 * 3)).toEqual(before.subarray(119 * 3, 120 * 3))
  })

  it('goes on without the mask where that selects nothing of what is to be sampled alone', async () => {
    const black = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#000000' } })
      .png()
      .toBuffer()
    const withBlack = new Map([...inputs, ['mask', new Uint8Array(black)]])
    const masked = await kit.run(smallJob({ source: source({ mask: mask({ onlyMasked: true }) }) }), {
      inputs: withBlack,
    })
    expect((await pixelsOf(masked)).data.equals((await pixelsOf(await run({}))).data)).toBe(true)
  })

  it('takes a mask of another size', async () => {
    const other = new Map([...inputs, ['mask', (await drawInputs(31, 17)).get('mask')!]])
    const { data } = await pixelsOf(
      await kit.run(smallJob({ source: source({ mask: mask() }) }), { inputs: other }),
    )
    expect([keeps(data, 0, 28), keeps(data, 46, 64)]).toEqual([false, true])
  })

  it('samples the masked part alone where that reaches out of a smaller source', async () => {
    const other = new Map([...inputs, ['mask', (await drawInputs(100, 90)).get('mask')!]])
    const job = smallJob({ source: source({ mask: mask({ onlyMasked: true, invert: true }) }) })
    const outcome = await kit.run(job, { inputs: other })
    expect(await pixelsOf(outcome)).toMatchObject({ width: 64, height: 64 })
  })

  it('gives the mask and the repainted part after each picture', async () => {
    const changes = mask({ returnMask: true, returnComposite: true })
    const images = [5n, 6n].map((seed) => ({ prompt: 'a cat', negativePrompt: '', seed, infotext: 'told' }))
    const outcome = await run({ mask: changes }, { images, batchSize: 2 })
    const shapes = await Promise.all(outcome.files.map((_, index) => pixelsOf(outcome, index)))
    expect(shapes.map(({ channels }) => channels)).toEqual([3, 3, 4, 3, 3, 4])
    expect(outcome.kind === 'done' && outcome.result.imageIndexes).toEqual([0, 1])
    expect([...shapes[1]!.data.subarray(0, 3)]).toEqual([255, 255, 255])
    expect(shapes[2]!.data[63 * 4 + 3]).toBe(0)
    expect(Buffer.from(outcome.files[1]!.bytes).includes('told')).toBe(false)
  })

  it.each([
    ['stretched', ResizeMode.RESIZE_MODE_STRETCH],
    ['cut', ResizeMode.RESIZE_MODE_CROP],
    ['filled', ResizeMode.RESIZE_MODE_FILL],
    ['resized as a latent', ResizeMode.RESIZE_MODE_LATENT],
  ] as const)('brings a source of another size to the wanted one: %s', async (_, resizeMode) => {
    const outcome = await kit.run(smallJob({ width: 72, height: 96, source: source({ resizeMode }) }), {
      inputs,
    })
    expect(await pixelsOf(outcome)).toMatchObject({ width: 72, height: 96 })
  })

  it('gives the picture the colours of its source where asked', async () => {
    const mean = async (changes: object) => {
      const { data } = await pixelsOf(await run({ strength: 0.9, ...changes }))
      return [0, 1, 2].map(
        (c) => data.filter((__, i) => i % 3 === c).reduce((sum, v) => sum + v, 0) / (64 * 64),
      )
    }
    const wanted = [0, 1, 2].map(
      (c) => original.filter((__, i) => i % 3 === c).reduce((sum, v) => sum + v, 0) / 4096,
    )
    const distance = (a: number[]) => Math.hypot(...a.map((v, c) => v - wanted[c]!))
    expect(distance(await mean({ correctColors: true }))).toBeLessThan(distance(await mean({})))
  })

  it('scales the start noise by its factor', async () => {
    const plain = (await pixelsOf(await run({}))).data
    expect((await pixelsOf(await run({ noiseMultiplier: 0.5 }))).data.equals(plain)).toBe(false)
  })

  it('makes one picture of each of several sources', async () => {
    const images = [5n, 6n, 7n].map((seed) => ({ prompt: 'a cat', negativePrompt: '', seed }))
    const outcome = await run({ images: [ref('source'), ref('mask')] }, { images, batchSize: 3 })
    expect(outcome.files).toHaveLength(2)
  })

  it.each([
    ['a side that is no multiple of 8', {}, { width: 60 }, { width: 56, height: 64 }],
    [
      'a latent resized',
      { resizeMode: ResizeMode.RESIZE_MODE_LATENT },
      { height: 104 },
      { width: 64, height: 104 },
    ],
  ])('lays an overlay of another size over the corner: %s', async (_, source, changes, size) => {
    expect(await pixelsOf(await run({ mask: mask(), ...source }, changes))).toMatchObject(size)
  })
})
