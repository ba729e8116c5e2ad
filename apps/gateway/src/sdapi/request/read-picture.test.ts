import sharp, { type Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { hashPixels, isBlankMask } from './picture-facts.ts'
import { openPicture, readPicture, refuseTooMany } from './read-picture.ts'

const plain = (colour = '#000000') =>
  sharp({ create: { width: 6, height: 4, channels: 3, background: colour } })

async function createBomb(width: number, height: number): Promise<string> {
  const bytes = await plain().png().toBuffer()
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return bytes.toString('base64')
}

function createBitmap(width: number, height: number): string {
  // Room for six rows of 24 bits a pixel.
  const bytes = Buffer.alloc(54 + 6 * 20)
  bytes.write('BM')
  bytes.writeUInt32LE(54, 10)
  bytes.writeUInt32LE(40, 14)
  bytes.writeUInt16LE(24, 28)
  bytes.writeInt32LE(width, 18)
  bytes.writeInt32LE(height, 22)
  return bytes.toString('base64')
}

function tgaHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(18)
  header[2] = 2
  header[16] = 32
  header.writeUInt16LE(width, 12)
  header.writeUInt16LE(height, 14)
  return header
}

describe('readPicture', () => {
  it('takes base64, bare and as a data URL, and measures without decoding', async () => {
    const base64 = (await plain().png().toBuffer()).toString('base64')
    expect(await readPicture(base64)).toMatchObject({ width: 6, height: 4 })
    expect(await readPicture(`data:image/png;base64,${base64}`)).toMatchObject({ width: 6, height: 4 })
  })

  it.each([
    [60_000, 60_000],
    [65_535, 1_025],
  ])('refuses a bomb of %i x %i, naming the limit', async (width, height) => {
    await expect(readPicture(await createBomb(width, height))).rejects.toThrow(
      `at most 67108864 pixels, got ${width}x${height}`,
    )
  })

  it('takes a BMP as a PNG, whichever way its rows go', async () => {
    const { bytes } = await readPicture(createBitmap(6, 4))
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 6, height: 4 })
    expect(await readPicture(createBitmap(6, -4))).toMatchObject({ width: 6, height: 4 })
  })

  it.each([
    ['PPM', Buffer.concat([Buffer.from('P6 6 4 255\n'), Buffer.alloc(6 * 4 * 3, 9)])],
    ['TGA', Buffer.concat([tgaHeader(6, 4), Buffer.alloc(6 * 4 * 4, 9)])],
  ])('takes a %s file, and keeps what came', async (_, file) => {
    const { bytes, sent, ...size } = await readPicture(file.toString('base64'))
    expect(size).toEqual({ width: 6, height: 4 })
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 6, height: 4 })
    expect(Buffer.from(sent!).equals(file)).toBe(true)
  })

  it('takes the PNG file out of an icon', async () => {
    const png = await plain().png().toBuffer()
    const header = Buffer.from([0, 0, 1, 0, 1, 0, 6, 4, 0, 0, 1, 0, 32, 0, 0, 0, 0, 0, 22, 0, 0, 0])
    header.writeUInt32LE(png.length, 14)
    const { bytes, ...size } = await readPicture(Buffer.concat([header, png]).toString('base64'))
    expect(size).toMatchObject({ width: 6, height: 4 })
    expect(Buffer.from(bytes).equals(png)).toBe(true)
  })

  it('fails in the words of the original where a file breaks off after its header', async () => {
    const file = Buffer.concat([tgaHeader(6, 4), Buffer.alloc(20)])
    await expect(readPicture(file.toString('base64'))).rejects.toThrow('image file is truncated')
    expect(await openPicture(file.toString('base64'))).toMatchObject({ size: { width: 6, height: 4 } })
  })

  it('refuses a TGA bomb, naming the limit', async () => {
    await expect(readPicture(tgaHeader(60_000, 60_000).toString('base64'))).rejects.toThrow(
      'at most 67108864 pixels, got 60000x60000',
    )
  })

  // Fewer pixels than none would make room for others in the limit of a request.
  it.each([
    [-6, 4],
    [0, 4],
    [6, 0],
  ])('refuses a BMP of %i x %i', async (width, height) => {
    await expect(readPicture(createBitmap(width, height))).rejects.toThrow('Invalid encoded image')
  })

  it.each(['', 'hello', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString('base64')])(
    'refuses what is no picture: %j',
    async (value) => {
      await expect(readPicture(value)).rejects.toMatchObject({
        message: expect.stringContaining('Invalid') as string,
      })
    },
  )
})

describe('refuseTooMany', () => {
  const picture = (width: number, height: number) => ({ bytes: new Uint8Array(), width, height })

  it('counts the pictures of a request together', () => {
    expect(() => refuseTooMany([picture(8_192, 4_096), picture(8_192, 4_096)])).not.toThrow()
    expect(() => refuseTooMany([picture(8_192, 4_096), picture(8_192, 4_096), picture(1, 1)])).toThrow(
      'at most 67108864 pixels together, got 67108865',
    )
  })
})

describe('what is told of pictures', () => {
  const toPicture = async (image: Sharp) => ({
    bytes: await image.png().toBuffer(),
    width: 6,
    height: 4,
  })

  it('sees a mask that selects nothing', async () => {
    expect(await isBlankMask(await toPicture(plain('#000000')), false)).toBe(true)
    expect(await isBlankMask(await toPicture(plain('#ffffff')), false)).toBe(false)
    expect(await isBlankMask(await toPicture(plain('#ffffff')), true)).toBe(true)
  })

  it('looks at the brightness of a grey mask with alpha', async () => {
    const black = Buffer.from([0, 255, 0, 255, 0, 0])
    const image = sharp(black, { raw: { width: 3, height: 1, channels: 2 } }).toColourspace('b-w')
    expect(await isBlankMask(await toPicture(image), false)).toBe(true)
  })

  it('fails in the words of the original where a picture breaks off', async () => {
    const { bytes, ...size } = await toPicture(plain('#ff8800'))
    const broken = { ...size, bytes: bytes.subarray(0, 50) }
    await expect(isBlankMask(broken, false)).rejects.toThrow('image file is truncated')
    await expect(hashPixels(broken)).rejects.toThrow('image file is truncated')
  })
})
