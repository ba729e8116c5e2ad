import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { fillPixels, measurePicture, openPicture, readPixels, toOverlay } from './pixels.ts'

const file = (channels: 3 | 4, background: string) =>
  sharp({ create: { width: 2, height: 1, channels, background } })

describe('pixels', () => {
  it('are three bytes each, four where the picture shows through', async () => {
    expect(await readPixels(file(3, '#102030'))).toMatchObject({
      ...{ width: 2, height: 1, channels: 3 },
      data: Buffer.of(16, 32, 48, 16, 32, 48),
    })
    const clear = await readPixels(file(4, '#10203080'))
    expect([clear.channels, clear.data.length]).toEqual([4, 8])
  })

  it('are colours of eight bits, whatever the file holds', async () => {
    const grey = await file(3, '#808080').toColourspace('b-w').png().toBuffer()
    const deep = await file(3, '#808080').toColourspace('rgb16').png().toBuffer()
    const expected = await fillPixels(2, 1, '#808080')
    expect(await readPixels(openPicture(grey))).toEqual(expected)
    expect(await readPixels(openPicture(deep))).toEqual(expected)
  })

  it('make the picture that they were read from', async () => {
    const png = await file(4, '#10203080').png().toBuffer()
    const pixels = await readPixels(openPicture(png))
    const again = await openPicture(pixels).png().toBuffer()
    expect(await readPixels(openPicture(again))).toEqual(pixels)
    expect(await measurePicture(pixels)).toEqual(await measurePicture(png))
  })

  it('lie over a picture as their file does', async () => {
    const png = await sharp({ create: { width: 1, height: 1, channels: 4, background: '#ff000080' } })
      .png()
      .toBuffer()
    const pixels = await readPixels(openPicture(png))
    const lay = (overlay: ReturnType<typeof toOverlay>) => readPixels(file(3, '#0000ff').composite([overlay]))
    const place = { left: 1, top: 0 }
    expect(await lay(toOverlay(pixels, place))).toEqual(await lay(toOverlay(png, place)))
  })
})
