import { fileURLToPath } from 'node:url'
import { ControlMode, ControlPasses, ModelKind, ResizeMode, ModelFile } from '@atelier/proto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pixelsOf, smallSampling } from '../test-kit.ts'
import { openControlKit, PLAIN_UNIT } from './test-kit.ts'

// A T2I-Adapter with random weights that fits the tiny checkpoint; its features are compared with ComfyUI's in docs/parity.md.
const path = fileURLToPath(new URL('../../control/__fixtures__/t2i_light.safetensors', import.meta.url))
const ADAPTER = { kind: ModelKind.MODEL_KIND_CONTROL_NET, name: 'light.safetensors', identity: 'light' }
const { inputs, run, draw, close } = openControlKit([ModelFile.fromPartial({ ...ADAPTER, path })])
afterAll(close)

const blob = (key: string) => ({ key })

beforeAll(async () => {
  const rectangle = Buffer.from(
    '<svg width="64" height="64"><rect width="64" height="64" fill="#fff"/><rect x="16" y="16" width="32" height="32" fill="#c33"/></svg>',
  )
  const flat = (background: string) =>
    sharp({ create: { width: 64, height: 64, channels: 3, background } })
      .png()
      .toBuffer()
  inputs.set('drawing', await sharp(rectangle).png().toBuffer())
  inputs.set('black', await flat('#000000'))
  inputs.set('white', await flat('#ffffff'))
  const left = await sharp({ create: { width: 32, height: 64, channels: 3, background: '#fff' } })
    .png()
    .toBuffer()
  inputs.set(
    'half',
    await sharp(await flat('#000000'))
      .composite([{ input: left, left: 0, top: 0 }])
      .png()
      .toBuffer(),
  )
  inputs.set('small', await sharp(rectangle).resize(40, 24).png().toBuffer())
})

const unit = (changes: object = {}) => ({
  ...PLAIN_UNIT,
  model: ADAPTER,
  preprocessing: { module: 'canny', resolution: 64, thresholdA: 100, thresholdB: 200, seed: 1 },
  ...changes,
})

describe('a control', () => {
  it('changes the picture, more with more weight', async () => {
    const plain = await draw([])
    const far = (data: Buffer) => data.reduce((sum, value, i) => sum + Math.abs(value - plain[i]!), 0)
    const [weak, strong] = [await draw([unit({ weight: 0.2 })]), await draw([unit()])]
    expect(far(weak)).toBeGreaterThan(0)
    expect(far(strong)).toBeGreaterThan(far(weak))
  })

  it.each([
    ['without weight', { weight: 0 }],
    ['that ends before it begins to count', { start: 0.9, end: 1 }],
    ['whose region is black', { region: blob('black') }],
    ['whose weights by place are 0', { placeWeights: [0, 0, 0, 0] }],
  ])('%s changes nothing', async (_, changes) => {
    expect((await draw([unit(changes)])).equals(await draw([]))).toBe(true)
  })

  it('whose region is white acts everywhere', async () => {
    expect((await draw([unit({ region: blob('white') })])).equals(await draw([unit()]))).toBe(true)
  })

  it('adds up with others', async () => {
    const half = await draw([unit({ weight: 0.5 }), unit({ weight: 0.5 })])
    const whole = await draw([unit()])
    const worst = Math.max(...half.map((value, i) => Math.abs(value - whole[i]!)))
    expect(worst).toBeLessThanOrEqual(1)
  })

  it('acts otherwise in each mode', async () => {
    const modes = [
      ControlMode.CONTROL_MODE_BALANCED,
      ControlMode.CONTROL_MODE_PROMPT,
      ControlMode.CONTROL_MODE_CONTROL,
    ]
    const pictures = await Promise.all(modes.map((mode) => draw([unit({ mode })])))
    expect(new Set(pictures.map((data) => data.toString('base64'))).size).toBe(3)
  })

  it('that starts with the second step leaves the first one alone', async () => {
    const late = await draw([unit({ start: 0.25 })])
    expect(late.equals(await draw([unit()]))).toBe(false)
    expect(late.equals(await draw([]))).toBe(false)
  })

  it('gives an image of a batch what it gets alone', async () => {
    const images = [5n, 6n].map((seed) => ({ prompt: 'a cat', negativePrompt: '', seed, infotext: '' }))
    const both = await run([unit()], { images, batchSize: 2 })
    const alone = await run([unit()], { images: images.slice(1) })
    expect((await pixelsOf(both, 1)).data.equals((await pixelsOf(alone)).data)).toBe(true)
  })
})

describe('control pictures', () => {
  it('follow the finished ones, of the job’s size', async () => {
    const outcome = await run([unit({ image: blob('small') }), unit()])
    expect(outcome.files).toHaveLength(3)
    expect(await pixelsOf(outcome, 1)).toMatchObject({ width: 64, height: 64, channels: 3 })
    const values = new Set((await pixelsOf(outcome, 2)).data)
    expect([...values].sort()).toEqual([0, 255])
  })

  it('are left out where a unit does not keep them', async () => {
    expect((await run([unit({ keepMap: false })])).files).toHaveLength(1)
  })

  it('are two with a second pass, the larger one first', async () => {
    const hires = {
      ...{ width: 96, height: 80, strength: 0.5, prompt: 'a dog', negativePrompt: '' },
      ...{ upscaler: { name: 'Latent' }, sampling: smallSampling({ steps: 2 }) },
    }
    const outcome = await run([unit()], { hires })
    expect(await pixelsOf(outcome, 1)).toMatchObject({ width: 96, height: 80 })
    expect(await pixelsOf(outcome, 2)).toMatchObject({ width: 64, height: 64 })
    const [first, second, none] = [
      await draw([unit({ passes: ControlPasses.CONTROL_PASSES_FIRST })], { hires }),
      await draw([unit({ passes: ControlPasses.CONTROL_PASSES_SECOND })], { hires }),
      await draw([], { hires }),
    ]
    expect(new Set([first, second, none].map((data) => data.toString('base64'))).size).toBe(3)
  })
})

describe('a control without a picture of its own', () => {
  const source = {
    images: [blob('drawing')],
    strength: 0.6,
    resizeMode: ResizeMode.RESIZE_MODE_STRETCH,
    backgroundColor: '#ffffff',
  }

  it('takes the source of image to image', async () => {
    const own = await draw([unit()], { source })
    expect((await draw([unit({ image: undefined })], { source })).equals(own)).toBe(true)
  })

  it('fails in text to image', async () => {
    await expect(run([unit({ image: undefined })])).rejects.toThrow('no input image is given')
  })
})

describe('what controls do beside guiding', () => {
  const preprocessing = (module: string) => ({ module, resolution: 0, thresholdA: 1, thresholdB: 1, seed: 1 })

  it('inpaint_only keeps what its mask leaves alone', async () => {
    const outcome = await run([unit({ preprocessing: preprocessing('inpaint_only'), mask: blob('half') })])
    const { data } = await pixelsOf(outcome)
    const { data: given } = await sharp(inputs.get('drawing'))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true })
    const column = (pixels: Buffer, x: number) =>
      Array.from({ length: 64 }, (_, y) => [...pixels.subarray((y * 64 + x) * 3, (y * 64 + x) * 3 + 3)])
    expect(column(data, 50)).toEqual(column(given, 50))
    expect(column(data, 10)).not.toEqual(column(given, 10))
    expect((await pixelsOf(outcome, 1)).channels).toBe(4)
  })

  it('recolor_intensity takes the brightness of the control picture', async () => {
    const outcome = await run([
      unit({ preprocessing: preprocessing('recolor_intensity'), image: blob('white') }),
    ])
    const { data } = await pixelsOf(outcome)
    for (let i = 0; i < data.length; i += 3) expect(Math.max(...data.subarray(i, i + 3))).toBe(255)
  })

  it('tile_colorfix brings the colours near those of the control picture', async () => {
    const settings = {
      preprocessing: { ...preprocessing('tile_colorfix'), thresholdA: 3 },
      image: blob('white'),
    }
    const [fixed, plain] = [await draw([unit(settings)]), await draw([])]
    expect(fixed.equals(plain)).toBe(false)
  })
})

describe('wrong controls', () => {
  it('name a mask of another size, and what was wanted', async () => {
    const preprocessing = { module: 'inpaint', resolution: 0, thresholdA: 0, thresholdB: 0, seed: 0 }
    await expect(run([unit({ preprocessing, mask: blob('small') })])).rejects.toThrow('64x64; got 40x24')
  })

  it('name the file that is not there', async () => {
    const model = { ...ADAPTER, name: 'none.safetensors' }
    await expect(run([unit({ model })])).rejects.toThrow('none.safetensors')
  })

  it('name a preprocessor whose network is missing', async () => {
    const preprocessing = { module: 'depth', resolution: 64, thresholdA: 0, thresholdB: 0, seed: 0 }
    await expect(run([unit({ preprocessing })])).rejects.toThrow('depth needs a network')
  })
})
