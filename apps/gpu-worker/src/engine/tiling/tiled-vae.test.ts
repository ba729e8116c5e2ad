import { afterAll, describe, expect, it } from 'vitest'
import { loadCheckpoint } from '../models/load-model.ts'
import { createTensor } from '../tensor/tensor.ts'
import { maxDifference, openFixture, readCases, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { decodeTiled, encodeTiled } from './tiled-vae.ts'

interface TiledCase {
  case: string
  tile: number
  overlap: number
}

// Reference: ComfyUI's VAE.decode_tiled and encode_tiled on the tiny SD1 autoencoder. Hidden layers are within 5e-5 there, and
// normalisations over tiles four cells wide pass that on.
const TOLERANCE = 5e-5
const fixture = (name: string) => new URL(`../models/__fixtures__/${name}`, import.meta.url)

describe('a tiled autoencoder', () => {
  const loaded = loadCheckpoint(unpackTinyCheckpoint(), 'tiny', TEST_SESSION)
  const vae = loaded.value.vae!
  afterAll(() => loaded.release())
  const tensors = openFixture(fixture('vae.safetensors'))
  const cases = readCases<TiledCase>(fixture('vae.jsonl')).filter(({ tile }) => tile !== undefined)

  it.each(cases)('decodes $case as the original: tiles of $tile, overlap $overlap', async (row) => {
    const tiles = { width: row.tile, height: row.tile, overlap: row.overlap }
    const { shape, data } = await decodeTiled(vae, tensors.tensor(`${row.case}.z`), tiles)
    const image = data.map((value) => Math.min(Math.max((value + 1) / 2, 0), 1))
    const plane = shape[2]! * shape[3]!
    const expected = tensors.tensor(`${row.case}.image`)
    const channelsLast = image.map((_, i) => image[(i % 3) * plane + Math.floor(i / 3)]!)
    expect(maxDifference({ shape: expected.shape, data: channelsLast }, expected)).toBeLessThan(TOLERANCE)
  })

  it.each(cases)('encodes $case as the original: tiles of $tile cells, overlap $overlap', async (row) => {
    const { shape, data } = tensors.tensor(`${row.case}.pixels_u8`)
    const [, height, width] = shape as [number, number, number]
    const pixels = createTensor([1, 3, height, width])
    for (let i = 0; i < width * height; i += 1)
      for (let c = 0; c < 3; c += 1) pixels.data[c * width * height + i] = (data[3 * i + c]! / 255) * 2 - 1
    const tiles = { width: 8 * row.tile, height: 8 * row.tile, overlap: 8 * row.overlap }
    expect(
      maxDifference(await encodeTiled(vae, pixels, tiles), tensors.tensor(`${row.case}.mean`)),
    ).toBeLessThan(TOLERANCE)
  })

  it('tells of every tile of its three tilings, and of their number from the first on', async () => {
    const told: [number, number][] = []
    const decode = ({ shape }: { shape: readonly number[] }) =>
      Promise.resolve(createTensor([shape[0]!, 3, 8 * shape[2]!, 8 * shape[3]!]))
    await decodeTiled({ decode }, createTensor([2, 4, 12, 12]), {
      ...{ width: 8, height: 8, overlap: 2 },
      onTile: (done, total) => told.push([done, total]),
    })
    // 12 cells: 1 x 5 tiles of 4 x 16, 5 x 1 of 16 x 4, 2 x 2 of 8 x 8, for each of two pictures.
    expect(told.map(([done]) => done)).toEqual(Array.from({ length: told.length }, (_, i) => i + 1))
    expect(new Set(told.map(([, total]) => total))).toEqual(new Set([told.length]))
    expect(told).toHaveLength(2 * (5 + 5 + 4))
  })

  it('gives a picture that fits into every tile as it is', async () => {
    const latent = tensors.tensor('0.z')
    const tiles = { width: 32, height: 32, overlap: 8 }
    expect(maxDifference(await decodeTiled(vae, latent, tiles), await vae.decode(latent))).toBeLessThan(1e-6)
  })

  it('refuses tiles that their overlaps cover, instead of cutting without end', async () => {
    const encode = () => Promise.reject(new Error('nothing was to be encoded'))
    const pixels = createTensor([1, 3, 80, 136])
    await expect(encodeTiled({ encode }, pixels, { width: 64, height: 64, overlap: 64 })).rejects.toThrow(
      /64.+overlap/,
    )
  })
})
