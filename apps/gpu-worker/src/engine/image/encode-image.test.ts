import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { toComfyTexts } from './comfy-texts.ts'
import { ImageFormat } from '@atelier/proto'
import { encodeImage, type ImageEncoding } from './encode-image.ts'
import { createUserCommentExif, insertJpegExif } from '@atelier/catalog/exif'
import { completePng } from './complete-png.ts'
import type { Pixels } from './pixels.ts'

const size = { width: 37, height: 21 }
const createPattern = (channels: 3 | 4): Pixels => ({
  ...size,
  channels,
  data: Uint8Array.from({ length: size.width * size.height * channels }, (_, index) => (index * 7) % 256),
})
const formats = {
  png: ImageFormat.IMAGE_FORMAT_PNG,
  jpeg: ImageFormat.IMAGE_FORMAT_JPEG,
  webp: ImageFormat.IMAGE_FORMAT_WEBP,
} as const
const encode = async (
  pixels: Pixels,
  format: keyof typeof formats,
  options: Omit<ImageEncoding, 'format'> = {},
) => (await encodeImage(pixels, { format: formats[format], ...options })).bytes
const toTexts = (infotext: string) => (infotext === '' ? [] : [{ keyword: 'parameters', text: infotext }])

interface Chunk {
  readonly type: string
  readonly content: Buffer
}

function listChunks(png: Uint8Array): Chunk[] {
  const bytes = Buffer.from(png)
  const chunks: Chunk[] = []
  for (let offset = 8; offset < bytes.length;) {
    const length = bytes.readUInt32BE(offset)
    chunks.push({
      type: bytes.toString('latin1', offset + 4, offset + 8),
      content: bytes.subarray(offset + 8, offset + 8 + length),
    })
    offset += length + 12
  }
  return chunks
}

/** The user comment of an EXIF block with or without prefix, as it lies in the file. */
function findComment(bytes: Uint8Array): string | undefined {
  const file = Buffer.from(bytes)
  const start = file.indexOf('UNICODE\0', 0, 'latin1')
  const pointer = file.lastIndexOf(Buffer.from('92860007', 'hex'))
  if (start < 0 || pointer < 0) return undefined
  const length = file.readUInt32BE(pointer + 4) - 8
  return Buffer.from(file.subarray(start + 8, start + 8 + length))
    .swap16()
    .toString('utf16le')
}

describe('PNG', () => {
  it.each([3, 4] as const)('keeps every pixel with %i channels', async (channels) => {
    const raster = createPattern(channels)
    const png = await encode(raster, 'png')
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
    expect(info).toMatchObject({ ...size, channels })
    expect(data.equals(raster.data)).toBe(true)
  })

  // Chunk orders and texts as A1111 v1.10.1 answered them.
  it.each([
    ['café latin\nSteps: 3', ['IHDR', 'tEXt', 'IDAT', 'IEND']],
    ['猫 snow ☃\nSteps: 3', ['IHDR', 'iTXt', 'IDAT', 'IEND']],
    ['', ['IHDR', 'IDAT', 'IEND']],
  ])('holds the infotext %j in the chunks %j', async (infotext, types) => {
    const png = await encode(createPattern(3), 'png', { texts: toTexts(infotext) })
    expect(listChunks(png).map(({ type }) => type)).toEqual(types)
    const texts = listChunks(png).filter(({ type }) => /tEXt|iTXt/.test(type))
    const [tail = Buffer.alloc(0)] = texts.map(({ content }) => content.subarray('parameters\0'.length))
    expect(texts[0]?.type === 'iTXt' ? tail.toString('utf8', 4) : tail.toString('latin1')).toBe(infotext)
  })

  interface ComfyFile {
    readonly case: string
    readonly graph: string
    readonly extraData: string
    readonly level: number
    readonly chunks: readonly { type: string; keyword?: string; text?: string; zlib_head?: string }[]
  }
  const comfyFiles = readFileSync(new URL('__fixtures__/comfy-files.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ComfyFile)

  it.each(comfyFiles)(
    'is laid out as ComfyUI saves it: $case',
    async ({ graph, extraData, level, chunks }) => {
      const texts = toComfyTexts(graph, extraData)
      const png = await encode(createPattern(3), 'png', { compression: level, texts })
      const got = listChunks(png).map(({ type, content }) => {
        if (type === 'IDAT') return { type, zlib_head: content.toString('hex', 0, 2) }
        if (type !== 'tEXt') return { type }
        const end = content.indexOf(0)
        return {
          type,
          keyword: content.toString('latin1', 0, end),
          text: content.toString('latin1', end + 1),
        }
      })
      expect(got).toEqual(chunks)
    },
  )

  it('takes prompts whose node ids are numbers in their own order', () => {
    const [text] = toComfyTexts('{"10":{"a":1.0},"2":{"b":18446744073709551615}}', 'null')
    expect(text).toEqual({ keyword: 'prompt', text: '{"10": {"a": 1.0}, "2": {"b": 18446744073709551615}}' })
  })

  it('refuses a file that ends within a chunk', async () => {
    const png = await encode(createPattern(3), 'png')
    const additions = { texts: [], compression: 6 }
    expect(() => completePng(png.subarray(0, -3), additions)).toThrow('ends within a chunk')
  })
})

describe.each(['jpeg', 'webp'] as const)('%s', (format) => {
  it.each(['café latin\nSteps: 3', '猫 snow ☃', ''])(
    'carries the infotext %j as EXIF comment',
    async (infotext) => {
      const bytes = await encode(createPattern(3), format, { texts: toTexts(infotext) })
      expect(findComment(bytes)).toBe(infotext)
      expect(await sharp(bytes).metadata()).toMatchObject({ ...size, format, channels: 3 })
      expect((await sharp(bytes).raw().toBuffer()).length).toBe(size.width * size.height * 3)
    },
  )

  it('has no EXIF without a comment', async () => {
    expect((await sharp(await encode(createPattern(3), format)).metadata()).exif).toBeUndefined()
  })

  it('is smaller at lower quality', async () => {
    const [low, high] = await Promise.all(
      [20, 95].map((quality) => encode(createPattern(3), format, { quality })),
    )
    expect(low!.length).toBeLessThan(high!.length)
  })
})

describe('alpha', () => {
  it('is dropped by JPEG, not blended', async () => {
    const opaque = { width: 8, height: 8, channels: 3 as const, data: new Uint8Array(192).fill(200) }
    const alpha = Uint8Array.from({ length: 256 }, (_, index) => (index % 4 === 3 ? 0 : 200))
    const clear = { width: 8, height: 8, channels: 4 as const, data: alpha }
    const decode = async (raster: Pixels) =>
      sharp(await encode(raster, 'jpeg'))
        .raw()
        .toBuffer()
    expect((await decode(clear)).equals(await decode(opaque))).toBe(true)
  })

  it('is dropped by WebP too, and the comment stays', async () => {
    const webp = await encode(createPattern(4), 'webp', { isLossless: true, texts: toTexts('x') })
    const { data, info } = await sharp(webp).raw().toBuffer({ resolveWithObject: true })
    expect(info.channels).toBe(3)
    const colours = createPattern(4).data.filter((_, index) => index % 4 !== 3)
    expect(data).toEqual(Buffer.from(colours))
    expect(findComment(webp)).toBe('x')
  })
})

describe('EXIF', () => {
  it('too long for a JPEG segment is left out', () => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)
    expect(insertJpegExif(jpeg, createUserCommentExif('x'.repeat(40_000)))).toBe(jpeg)
    expect(insertJpegExif(jpeg, createUserCommentExif('x'.repeat(30_000))).length).toBeGreaterThan(60_000)
  })
})
