import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { toPixels } from '../decode/pixels.ts'
import { sliceRows } from '../denoise/combine.ts'
import { loadTinyVae } from '../models/load-tiny-vae.ts'
import { maxDifference, openFixture, readCases, TEST_SESSION } from '../test-kit.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { cheapColoursOf, colourLatent, comfyColoursOf } from './latent-colours.ts'
import { loadPreviewNetwork } from './preview-network.ts'

// Reference: ComfyUI's TAESD and previewers, Forge's VAEApprox, all narrow. One network call: 2e-5.
const TOLERANCE = 2e-5
const fixture = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)
const pathOf = (name: string) => fileURLToPath(fixture(name))
const tensors = openFixture(fixture('previews.safetensors'))
const latent = tensors.tensor('latent')

function expectPicture(picture: Tensor, name: string): void {
  const expected = tensors.tensor(name)
  const { data } = toPixels(sliceRows(picture, 0, 1))
  const worst = maxDifference(
    createTensor(expected.shape, Float32Array.from(data)),
    createTensor(expected.shape, Float32Array.from(expected.data)),
  )
  expect(worst).toBeLessThanOrEqual(1)
}

describe('preview networks', () => {
  it('decode as TAESD does', async () => {
    const { value, release } = loadPreviewNetwork(pathOf('taesd_decoder.safetensors'), 'tiny', TEST_SESSION)
    afterAll(release)
    const decoded = await value.decode(latent)
    expect(maxDifference(decoded, tensors.tensor('taesd.decoded'))).toBeLessThan(TOLERANCE)
    expectPicture(decoded, 'taesd.preview_u8')
  })

  it('decode as "Approx NN" does, from a PyTorch file', async () => {
    const { value, release } = loadPreviewNetwork(pathOf('vaeapprox.pt'), 'approximate', TEST_SESSION)
    afterAll(release)
    expect(maxDifference(await value.decode(latent), tensors.tensor('a1111_approx_nn'))).toBeLessThan(
      TOLERANCE,
    )
  })

  it('refuse a file that holds something else, naming it', () => {
    expect(() => loadPreviewNetwork(pathOf('taesd_encoder.safetensors'), 'tiny', TEST_SESSION)).toThrow(
      /taesd_encoder\.safetensors.*decoder/,
    )
    expect(() =>
      loadPreviewNetwork(pathOf('taesd_encoder.safetensors'), 'approximate', TEST_SESSION),
    ).toThrow(/taesd_encoder\.safetensors.*approximate decoder/)
  })
})

describe('a tiny autoencoder in place of a whole one', () => {
  const files = { encoder: pathOf('taesd_encoder.safetensors'), decoder: pathOf('taesd_decoder.safetensors') }
  const factor = 0.18215
  const { value: vae, release } = loadTinyVae(files, factor, TEST_SESSION)
  afterAll(release)
  const times = (by: number, { shape, data }: Tensor) =>
    createTensor(
      shape,
      data.map((value) => value * by),
    )

  it('decodes latents in the scale of the autoencoder it stands for', async () => {
    const decoded = await vae.decode(times(1 / factor, latent))
    expect(maxDifference(decoded, tensors.tensor('taesd.decoded'))).toBeLessThan(TOLERANCE)
  })

  it('encodes to that scale', async () => {
    const { mean } = await vae.encode(tensors.tensor('pixels'))
    expect(maxDifference(times(factor, mean), tensors.tensor('taesd.encoded'))).toBeLessThan(TOLERANCE)
  })

  it('needs the half that a file is taken for', () => {
    const swapped = { encoder: files.decoder, decoder: files.encoder }
    expect(() => loadTinyVae(swapped, factor, TEST_SESSION)).toThrow(/taesd_decoder.*encoder/)
  })
})

describe('linear maps of a latent', () => {
  interface ColourCase {
    case: string
    factors: [number, number, number][]
    bias: [number, number, number] | null
  }
  const cases = readCases<Partial<ColourCase> & { case: string }>(fixture('previews.jsonl'))
  const sdxl = { factor: 0.13025 }

  it.each([
    ['sd15', comfyColoursOf('sd1', { factor: 0.18215 })],
    ['sdxl', comfyColoursOf('sdxl', sdxl)],
  ])('show %s as ComfyUI does', (name, colours) => {
    const row = cases.find((one) => one.case === `latent2rgb.${name}.preview_u8`)!
    expect(colours.factors).toEqual(row.factors)
    expect(colours.bias).toEqual(row.bias ?? [0, 0, 0])
    expectPicture(colourLatent(latent, colours), `latent2rgb.${name}.preview_u8`)
  })

  it.each(['sd15', 'sdxl'])('of %s add up as in "Approx cheap"', (name) => {
    // Recorded with ComfyUI's factors in A1111's function.
    const { factors } = cases.find((one) => one.case === `latent2rgb.${name}.preview_u8`)!
    const { shape, data } = colourLatent(latent, { factors: factors!, bias: [0, 0, 0] })
    const halved = createTensor(
      shape,
      data.map((value) => value * 0.5 + 0.5),
    )
    expect(maxDifference(halved, tensors.tensor(`a1111_cheap.${name}`))).toBeLessThan(TOLERANCE)
  })

  it('know each family, and Playground by its latents', () => {
    const channels = [{ mean: 0, deviation: 1 }]
    expect(comfyColoursOf('sdxl', { factor: 0.5, channels })).not.toEqual(comfyColoursOf('sdxl', sdxl))
    expect(comfyColoursOf('sd2', { factor: 1 })).toEqual(comfyColoursOf('sd1', { factor: 1 }))
    expect(cheapColoursOf('sdxl-refiner')).toEqual(cheapColoursOf('sdxl'))
    expect(cheapColoursOf('sdxl')).not.toEqual(cheapColoursOf('sd2'))
  })
})
