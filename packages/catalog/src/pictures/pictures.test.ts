import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findPictureFormat, takePngOfIcon } from './index.ts'

interface Decoded {
  readonly name: string
  readonly format: string
  readonly file: string
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly facts: Record<string, unknown>
  readonly pixels: string
}

/** Files, and what Pillow 9.5 decodes of them, as colours or colours with alpha. */
const ROWS = readFileSync(new URL('__fixtures__/pillow.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Decoded)
const [PNG_ICONS, OWN] = [true, false].map((isPng) =>
  ROWS.filter(({ file }) => isPng === (takePngOfIcon(Buffer.from(file, 'base64')) !== undefined)),
) as [Decoded[], Decoded[]]

const fileOf = (name: string) => Buffer.from(ROWS.find((row) => row.name === name)!.file, 'base64')
const readAny = (bytes: Buffer) => findPictureFormat(bytes)?.read(bytes)

function isRefusedOrWhole(bytes: Buffer): boolean {
  try {
    const picture = readAny(bytes)
    return picture === undefined || picture.data.length === picture.width * picture.height * picture.channels
  } catch (error) {
    return error instanceof RangeError
  }
}

describe('pictures', () => {
  it.each(OWN)('are decoded as Pillow does: $name', ({ file, format, pixels, facts, ...size }) => {
    const bytes = Buffer.from(file, 'base64')
    const found = findPictureFormat(bytes)!
    expect(found.name).toBe(format)
    expect(found.measure(bytes)).toEqual({ width: size.width, height: size.height })
    const { data, width, height, channels } = found.read(bytes)
    expect({ width, height, channels }).toEqual({
      width: size.width,
      height: size.height,
      channels: size.channels,
    })
    expect(Buffer.from(data).toString('base64')).toBe(pixels)
    expect(Object.fromEntries(found.describe?.(bytes) ?? [])).toEqual(facts)
  })

  it.each(PNG_ICONS)('in icons may be PNG files: $name', ({ file, width, height }) => {
    const png = takePngOfIcon(Buffer.from(file, 'base64'))!
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, height])
  })

  it('that are cut off anywhere are refused, or were whole before the cut', () => {
    const places = (length: number) =>
      Array.from({ length }, (_, i) => i).filter((i) => i < 60 || i % 31 === 0)
    const cuts = OWN.flatMap(({ file, name }) => {
      const bytes = Buffer.from(file, 'base64')
      return places(bytes.length).map((length) => ({ name, bytes: bytes.subarray(0, length) }))
    })
    expect(cuts.filter(({ bytes }) => !isRefusedOrWhole(bytes))).toEqual([])
  })

  it.each([
    ['PNM written by Pillow, RGB'],
    ['TGA RGBA, runs, upwards'],
    ['BMP of 24 bits'],
    ['QOI of four channels'],
    ['PCX RGB'],
    ['icon of 24 bits with a mask'],
  ])('that lack their last pixels are refused: %s', (name) => {
    const bytes = fileOf(name)
    expect(() => readAny(bytes.subarray(0, Math.floor(bytes.length * 0.7)))).toThrow('cut off')
  })

  it('cannot ask for many pixels with few bytes', () => {
    const bytes = fileOf('QOI of three channels')
    bytes.writeUInt32BE(60_000, 4)
    bytes.writeUInt32BE(1_000, 8)
    expect(() => readAny(bytes)).toThrow('967742 bytes are needed')
    const runs = fileOf('BMP in runs of 8 bits')
    runs.writeInt32LE(60_000, 18)
    runs.writeInt32LE(1_000, 22)
    expect(() => readAny(runs)).toThrow('cut off')
  })

  it('of other formats are left to others', () => {
    const heads = [
      '\u0089PNG\r\n\u001a\n',
      'GIF89a',
      'II*\0',
      'RIFF0000WEBP',
      '\0\0\0 ftypavif',
      '\u00ff\u00d8\u00ff',
    ]
    for (const head of heads)
      expect(findPictureFormat(Buffer.from(head.padEnd(64, '\u0001'), 'latin1'))).toBeUndefined()
  })

  it('of sizes below one are refused', () => {
    const bytes = fileOf('BMP of 24 bits')
    for (const [width, height] of [
      [-6, 4],
      [0, 4],
      [6, 0],
    ] as const) {
      bytes.writeInt32LE(width, 18)
      bytes.writeInt32LE(height, 22)
      expect(() => findPictureFormat(bytes)?.measure(bytes)).toThrow('has no pixels')
    }
  })

  it('compressed in ways that nobody writes are refused', () => {
    const bytes = fileOf('BMP of 24 bits')
    bytes.writeUInt32LE(4, 30)
    expect(() => readAny(bytes)).toThrow('compressed by way 4')
  })
})
