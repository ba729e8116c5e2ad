import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { convertChannel, convertPreview } from './convert-picture.ts'

const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')

describe('copies of uploaded pictures', () => {
  it('are made of pictures', async () => {
    const png = await sharp({ create: { width: 8, height: 8, channels: 4, background: '#12345678' } })
      .png()
      .toBuffer()
    expect((await convertPreview(png, 'jpeg;50', '')).mediaType).toBe('image/jpeg')
    expect((await convertChannel(png, 'a'))?.mediaType).toBe('image/png')
  })

  it('are made of no drawing, which may ask for hours of work', async () => {
    await expect(convertPreview(SVG, 'webp', '')).rejects.toThrow('svg is not read')
    await expect(convertChannel(SVG, 'rgb')).rejects.toThrow('svg is not read')
  })
})
