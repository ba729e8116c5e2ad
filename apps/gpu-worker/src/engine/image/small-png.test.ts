import sharp from 'sharp'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeImage } from './encode-image.ts'
import { ImageFormat } from '@atelier/proto'
import type { Pixels } from './pixels.ts'
import { readPngChunks } from '@atelier/catalog/png'
import { encodeSmallPng, SMALL_PIXELS } from './small-png.ts'

const pictures = fc
  .record({
    width: fc.integer({ min: 1, max: 20 }),
    height: fc.integer({ min: 1, max: 20 }),
    channels: fc.constantFrom<3 | 4>(3, 4),
  })
  .chain((shape) =>
    fc
      .uint8Array({
        minLength: shape.width * shape.height * shape.channels,
        maxLength: shape.width * shape.height * shape.channels,
      })
      .map((data): Pixels => ({ ...shape, data })),
  )

const listTypes = (png: Uint8Array) => [...readPngChunks(png)].map(({ type }) => type)

describe('encodeSmallPng', () => {
  it('writes what libvips reads back pixel by pixel, at every level', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, fc.integer({ min: 0, max: 9 }), async (pixels, compression) => {
        const png = encodeSmallPng(pixels, { texts: [], compression })
        const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
        expect([info.width, info.height, info.channels]).toEqual([
          pixels.width,
          pixels.height,
          pixels.channels,
        ])
        expect(new Uint8Array(data)).toEqual(pixels.data)
      }),
      { numRuns: 60 },
    )
  })

  it('puts texts between the header and the data, as Pillow does', () => {
    const pixels: Pixels = { width: 2, height: 2, channels: 3, data: new Uint8Array(12).fill(9) }
    const texts = [
      { keyword: 'prompt', text: '{}' },
      { keyword: 'workflow', text: 'größer 猫' },
    ]
    expect(listTypes(encodeSmallPng(pixels, { texts, compression: 1 }))).toEqual([
      ...['IHDR', 'tEXt', 'iTXt', 'IDAT', 'IEND'],
    ])
  })

  it('names the level in the stream, as Pillow does', () => {
    const pixels: Pixels = { width: 1, height: 1, channels: 3, data: new Uint8Array(3) }
    const headerAt = (compression: number) => {
      const png = Buffer.from(encodeSmallPng(pixels, { texts: [], compression }))
      return png.subarray(png.indexOf('IDAT') + 4).readUInt16BE(0)
    }
    expect([1, 4, 6, 9].map(headerAt)).toEqual([0x7801, 0x785e, 0x789c, 0x78da])
  })
})

describe('encodeImage around the limit of small pictures', () => {
  it.each([SMALL_PIXELS / 96, SMALL_PIXELS / 96 + 1])(
    '96 x %d pixels come back as they were',
    async (height) => {
      const data = Uint8Array.from({ length: 96 * height * 3 }, (_, i) => (i * 7 + (i >> 5)) % 256)
      const encoded = await encodeImage(
        { width: 96, height, channels: 3, data },
        { format: ImageFormat.IMAGE_FORMAT_PNG, texts: [{ keyword: 'parameters', text: 'a cat' }] },
      )
      expect(listTypes(encoded.bytes).slice(0, 2)).toEqual(['IHDR', 'tEXt'])
      expect(new Uint8Array(await sharp(encoded.bytes).raw().toBuffer())).toEqual(data)
    },
  )
})
