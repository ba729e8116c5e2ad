import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makePalette } from './median-cut.ts'

// Image.quantize(n, MEDIANCUT) of Pillow 9.5: width, height, n, pixels and the palette's used colours (base64).
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/median-cut.json', import.meta.url), 'utf8'),
) as Row[]

type Row = readonly [width: number, height: number, size: number, pixels: string, palette: string]

const toBytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'))

describe('makePalette', () => {
  it.each(recorded)('finds in %d x %d pixels the colours that Pillow finds, of %d at most', (...row) => {
    const [, , size, pixels, palette] = row
    const made = makePalette(toBytes(pixels), size)
    // Pillow tells how many it used only by the pixels that use them.
    expect(made.slice(0, toBytes(palette).length)).toEqual(toBytes(palette))
    expect(made.length).toBeLessThanOrEqual(3 * size)
  })

  const pixels = fc
    .array(fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 0, max: 255 }))), {
      minLength: 1,
      maxLength: 60,
    })
    .map((colours) => Uint8Array.from(colours.flat()))
  const toColours = (bytes: Uint8Array) =>
    Array.from({ length: bytes.length / 3 }, (_, i) => bytes.slice(3 * i, 3 * i + 3).join())

  it('keeps every colour of a picture that has no more of them than are allowed', () => {
    fc.assert(
      fc.property(pixels, (bytes) => {
        expect(toColours(makePalette(bytes, 256)).sort()).toEqual([...new Set(toColours(bytes))].sort())
      }),
    )
  })

  it('does not care for the order of pixels when it averages all into one colour', () => {
    fc.assert(
      fc.property(pixels, (bytes) => {
        const count = bytes.length / 3
        const mean = [0, 1, 2].map((c) => {
          const sum = bytes.reduce((total, value, i) => (i % 3 === c ? total + value : total), 0)
          return Math.floor(sum / count + 0.5)
        })
        expect([...makePalette(bytes, 1)]).toEqual(mean)
      }),
    )
  })

  it('leaves lowest bits out where there are more colours than it counts', () => {
    const bytes = new Uint8Array(3 * 70_000)
    for (let i = 0; i < 70_000; i += 1) bytes.set([i & 255, (i >> 8) & 255, (i >> 16) * 2], 3 * i)
    expect(makePalette(bytes, 2)).toHaveLength(6)
  })
})
