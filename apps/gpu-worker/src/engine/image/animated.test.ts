import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { encodeAnimatedPng } from './animated-png.ts'
import { encodeAnimatedWebp } from './animated-webp.ts'
import { mergeEqualFrames } from './merge-frames.ts'
import type { Pixels } from './pixels.ts'
import { readPngChunks } from '@atelier/catalog/png'

const frame = (value: number, width = 6, height = 4): Pixels => ({
  ...{ width, height, channels: 3 },
  data: new Uint8Array(width * height * 3).fill(value),
})
const frames = [frame(0), frame(0), frame(200), frame(100)]

describe('mergeEqualFrames', () => {
  it('lengthens a frame by those that equal it, as long as they follow it', () => {
    const merged = mergeEqualFrames([frame(1), frame(1), frame(2), frame(1)], 40)
    expect(merged.map(({ pixels, durationMs }) => [pixels.data[0], durationMs])).toEqual([
      [1, 80],
      [2, 40],
      [1, 40],
    ])
  })
})

describe('an animated WebP', () => {
  const encode = (pixels: readonly Pixels[], texts: readonly [number, string][] = []) =>
    encodeAnimatedWebp(pixels, {
      ...{ frameMs: 166, isLossless: true, quality: 80, effort: 0 },
      exifTexts: new Map(texts),
    })

  it('plays its frames for their times without end, without loss', async () => {
    const webp = await encode(frames)
    const { pages, delay, loop, width, pageHeight } = await sharp(webp, { animated: true }).metadata()
    expect({ pages, delay, loop, width, pageHeight }).toEqual({
      ...{ pages: 3, delay: [332, 166, 166], loop: 0, width: 6, pageHeight: 4 },
    })
    const { data } = await sharp(webp, { page: 1 }).raw().toBuffer({ resolveWithObject: true })
    expect([...new Set(data)]).toEqual([200])
  })

  it('is a plain picture where all frames are one', async () => {
    const { pages = 1 } = await sharp(await encode([frame(7), frame(7)]), { animated: true }).metadata()
    expect(pages).toBe(1)
  })

  it.each([1, 3])('carries texts of %i frames as EXIF by tag', async (count) => {
    const webp = await encode(frames.slice(1, 1 + count), [
      [0x0110, 'prompt:{"1": 2}'],
      [0x010f, 'workflow:{}'],
    ])
    const { exif } = await sharp(webp).metadata()
    const text = exif!.toString('latin1')
    expect(text).toContain('prompt:{"1": 2}\0')
    // Tags ascend, each with its type, length and place.
    const start = text.indexOf('II*\0')
    expect(exif!.readUInt16LE(start + 8)).toBe(2)
    const [first, second] = [start + 10, start + 22]
    expect([exif!.readUInt16LE(first), exif!.readUInt16LE(second)]).toEqual([0x010f, 0x0110])
    const place = exif!.readUInt32LE(second + 8)
    expect(text.slice(start + place, start + place + exif!.readUInt32LE(second + 4))).toBe(
      'prompt:{"1": 2}\0',
    )
  })
})

describe('an animated PNG', () => {
  const encode = (pixels: readonly Pixels[]) =>
    encodeAnimatedPng(pixels, {
      ...{ frameMs: 166, compression: 4 },
      texts: [
        { keyword: 'prompt', text: '{"1": 2}' },
        { keyword: 'workflow', text: '{}' },
      ],
    })
  const chunksOf = (png: Uint8Array) => [...readPngChunks(png)]

  it('numbers the chunks of its frames and ends with ComfyUI’s texts', async () => {
    const chunks = chunksOf(await encode(frames))
    expect(chunks.map(({ type }) => type)).toEqual([
      ...['IHDR', 'acTL', 'fcTL', 'IDAT', 'fcTL', 'fdAT', 'fcTL', 'fdAT', 'comf', 'comf', 'IEND'],
    ])
    const of = (wanted: readonly string[]) =>
      chunks.filter(({ type }) => wanted.includes(type)).map(({ bytes }) => bytes.subarray(8))
    expect(of(['fcTL', 'fdAT']).map((content) => content.readUInt32BE(0))).toEqual([0, 1, 2, 3, 4])
    expect(of(['acTL']).map((content) => [content.readUInt32BE(0), content.readUInt32BE(4)])).toEqual([
      [3, 0],
    ])
    expect(of(['fcTL']).map((content) => [content.readUInt16BE(20), content.readUInt16BE(22)])).toEqual([
      [332, 1000],
      [166, 1000],
      [166, 1000],
    ])
    expect(of(['comf'])[0]!.subarray(0, -4).toString('latin1')).toBe('prompt\0{"1": 2}')
  })

  it('shows its first frame where animation is not known', async () => {
    const { data } = await sharp(await encode([frame(9), frame(8)]))
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect([...new Set(data)]).toEqual([9])
  })

  it('is a plain picture where all frames are one, its stream named by Pillow’s level', async () => {
    const chunks = chunksOf(await encode([frame(5), frame(5)]))
    expect(chunks.map(({ type }) => type)).toEqual(['IHDR', 'IDAT', 'comf', 'comf', 'IEND'])
    expect(chunks[1]!.bytes.subarray(8, 10).toString('hex')).toBe('785e')
  })
})
