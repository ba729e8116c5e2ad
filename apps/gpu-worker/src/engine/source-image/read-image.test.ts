import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../engine-error.ts'
import { readFrames } from './read-frames.ts'
import { readImage } from './read-image.ts'

/** A picture of one colour, 6 wide and 4 high. */
const plain = (colour = '#ff0000') =>
  sharp({ create: { width: 6, height: 4, channels: 3, background: colour } })

/** A small PNG whose header says that it is of another size. */
async function createBomb(width: number, height: number): Promise<Buffer> {
  const bytes = await plain().png().toBuffer()
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes
}

const frames = async (count: number, side: number) => {
  const pages = Buffer.alloc(count * side * side * 3, 200)
  // Frames that are all equal would be stored once.
  for (let page = 0; page < count; page += 1)
    pages.fill(page * 9, page * side * side * 3, (page * side + 1) * side * 3)
  const raw = { width: side, height: side * count, channels: 3 as const, pageHeight: side }
  return sharp(pages, { raw }).gif().toBuffer()
}

describe('readImage', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff'] as const)('reads %s', async (format) => {
    const picture = await readImage(await plain().toFormat(format).toBuffer())
    expect(picture).toMatchObject({ width: 6, height: 4 })
    expect(picture.data[0]).toBeGreaterThan(250)
  })

  it.each([
    ['grey', () => plain().toColourspace('b-w').png(), 3],
    ['grey with alpha', () => plain().ensureAlpha(0.5).toColourspace('b-w').png(), 4],
    ['16-bit', () => plain().toColourspace('rgb16').png(), 3],
    ['CMYK', () => plain().toColourspace('cmyk').jpeg(), 3],
    ['paletted', () => plain().png({ palette: true }), 3],
  ])('reads %s pictures as 8-bit colours', async (_, create, channels) => {
    const picture = await readImage(await create().toBuffer())
    expect(picture).toMatchObject({ width: 6, height: 4, channels })
    expect(picture.data).toHaveLength(6 * 4 * channels)
  })

  it('turns a picture upright by its EXIF orientation', async () => {
    const bytes = await plain().withMetadata({ orientation: 6 }).jpeg().toBuffer()
    expect(await readImage(bytes)).toMatchObject({ width: 4, height: 6 })
  })

  it('takes the first frame of a moving picture', async () => {
    const picture = await readImage(await frames(3, 8))
    expect(picture).toMatchObject({ width: 8, height: 8 })
  })

  it.each([
    [60_000, 60_000],
    [65_535, 1_025],
    [2 ** 31 - 1, 2 ** 31 - 1],
  ])('refuses a bomb of %i x %i before it is decoded', async (width, height) => {
    const before = process.memoryUsage().rss
    await expect(readImage(await createBomb(width, height))).rejects.toMatchObject({
      code: 'invalid-request',
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20)
  })

  it('names the limit and the size of what is too large', async () => {
    await expect(readImage(await createBomb(9_000, 9_000))).rejects.toThrow(/67108864 pixels, got 9000x9000/)
  })

  it.each([
    ['nothing', () => Buffer.alloc(0)],
    ['text', () => Buffer.from('hello')],
    ['a drawing', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['a size of 0', () => createBomb(0, 4)],
    ['a picture that breaks off', async () => (await plain().png().toBuffer()).subarray(0, 50)],
  ])('refuses %s', async (_, create) => {
    await expect(readImage(await create())).rejects.toThrow(EngineError)
  })

  it('gives a picture or a typed error, whatever is changed in a file', async () => {
    const good = await sharp({ create: { width: 16, height: 16, channels: 3, background: '#123456' } })
      .png()
      .toBuffer()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 8 }),
        fc.nat({ max: good.length }),
        async (changes, length) => {
          const bytes = Buffer.from(good.subarray(0, length))
          for (const [at, value] of changes) if (at < length) bytes[at] = value
          const ended = await readImage(bytes).catch((error: unknown) => error)
          if (ended instanceof Error) expect(ended).toBeInstanceOf(EngineError)
          else expect(ended).toHaveProperty('width')
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('readFrames', () => {
  it('gives every frame', async () => {
    const all = await readFrames(await frames(4, 8))
    expect(all.map(({ width, height, channels }) => [width, height, channels])).toEqual(
      Array.from({ length: 4 }, () => [8, 8, 3]),
    )
  })

  it('refuses a moving picture that breaks off, typed', async () => {
    const bytes = await frames(4, 64)
    const ended = await readFrames(bytes.subarray(0, 60)).catch((error: unknown) => error)
    if (ended instanceof Error) expect(ended).toBeInstanceOf(EngineError)
    else expect(ended).toHaveLength(1)
  })
})
