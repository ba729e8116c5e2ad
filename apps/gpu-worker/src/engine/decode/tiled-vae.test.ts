import { describe, expect, it } from 'vitest'
import { toPictures } from '../nodes/vae-decode.ts'
import { toNetworkPixels } from '../nodes/vae-encode.ts'
import { loadCheckpoint } from '../models/load-model.ts'
import { maxDifference, openFixture, readCases, TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { createTensor } from '../tensor/tensor.ts'
import { decodeTiled, encodeTiled } from './tiled-vae.ts'

const fixture = (name: string) => new URL(`../models/__fixtures__/${name}`, import.meta.url)
const tensors = openFixture(fixture('vae.safetensors'))
/** Of several network calls on small tiles, whose normalisation sees few values; of one call on a picture it is 2e-5. */
const TOLERANCE = 5e-5
const tilings = readCases<{ case: string; tile: number; overlap: number }>(fixture('vae.jsonl')).filter(
  ({ tile }) => tile !== undefined,
)

describe('the autoencoder in tiles', () => {
  const { value } = loadCheckpoint(unpackTinyCheckpoint(), 'tiny', TEST_SESSION)

  it.each(tilings)('decodes as ComfyUI does: $case', async ({ case: name, tile, overlap }) => {
    const decoded = await decodeTiled(value.vae!, tensors.tensor(`${name}.z`), { tile, overlap })
    expect(maxDifference(toPictures(decoded), tensors.tensor(`${name}.image`))).toBeLessThan(TOLERANCE)
  })

  it.each(tilings)('encodes as ComfyUI does: $case', async ({ case: name, tile, overlap }) => {
    const { shape, data } = tensors.tensor(`${name}.pixels_u8`)
    const pixels = toNetworkPixels(
      createTensor(
        shape,
        data.map((byte) => byte / 255),
      ),
    )
    const encoded = await encodeTiled(value.vae!, pixels, { tile: 8 * tile, overlap: 8 * overlap })
    expect(maxDifference(encoded, tensors.tensor(`${name}.mean`))).toBeLessThan(TOLERANCE)
  })

  it('passes what fits into one tile of each kind whole', async () => {
    const sizes: string[] = []
    const vae = {
      decode: async ({ shape }: { shape: readonly number[] }) => {
        sizes.push(shape.slice(2).join('x'))
        return createTensor([1, 3, shape[2]! * 8, shape[3]! * 8])
      },
      encode: async () => {
        throw new Error('not asked')
      },
    }
    await decodeTiled(vae, createTensor([1, 4, 4, 4]), { tile: 8, overlap: 2 })
    expect(sizes).toEqual(['4x4', '4x4', '4x4'])
  })

  it('encodes what it decoded to the mean of its tiles', async () => {
    const encoded = await encodeTiled(
      {
        decode: async (latent) => latent,
        encode: async ({ shape, data }) => {
          const [, , height, width] = shape as [number, number, number, number]
          const mean = createTensor([1, 4, height / 8, width / 8])
          mean.data.fill(data[0]!)
          return { mean, logVariance: mean }
        },
      },
      createTensor([1, 3, 128, 128], new Float32Array(3 * 128 * 128).fill(0.5)),
      { tile: 64, overlap: 16 },
    )
    expect(encoded.shape).toEqual([1, 4, 16, 16])
    expect(encoded.data.every((value) => Math.abs(value - 0.5) < 1e-6)).toBe(true)
  })
})
