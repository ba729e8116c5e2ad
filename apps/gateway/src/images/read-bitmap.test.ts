import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isBitmap, measureBitmap, readBitmap } from './read-bitmap.ts'

interface Decoded {
  readonly name: string
  readonly file: string
  readonly channels: number
  readonly pixels: string
}

/** Files, and what Pillow decodes of them (7 x 5 pixels). */
const ROWS = readFileSync(new URL('__fixtures__/bitmaps.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Decoded)

describe('readBitmap', () => {
  it.each(ROWS)('decodes as Pillow does: $name', ({ file, channels, pixels }) => {
    const bytes = Buffer.from(file, 'base64')
    expect([isBitmap(bytes), measureBitmap(bytes)]).toEqual([true, { width: 7, height: 5 }])
    const { data, ...facts } = readBitmap(bytes)
    expect(facts).toEqual({ width: 7, height: 5, channels })
    expect(Buffer.from(data).toString('base64')).toBe(pixels)
  })

  it('refuses what is cut off, and what is compressed', () => {
    const bytes = Buffer.from(ROWS[0]!.file, 'base64')
    expect(() => readBitmap(bytes.subarray(0, bytes.length - 1))).toThrow('cut off')
    const compressed = Buffer.from(bytes)
    compressed.writeUInt32LE(1, 30)
    expect(() => readBitmap(compressed)).toThrow('compressed')
  })
})
