import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pixels } from '../image/pixels.ts'
import { resizePixels, transposePixels, type FILTERS } from './pillow-resize.ts'

// Image.resize of Pillow 9.5: width, height, channels, new width and height, filter, samples before and after (base64).
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/pillow-resize.json', import.meta.url), 'utf8'),
) as Row[]

type Filter = keyof typeof FILTERS | 'nearest'
type Row = readonly [number, number, 3 | 4, number, number, Filter, string, string]

const filters: readonly Filter[] = ['lanczos', 'bicubic', 'bilinear', 'box', 'nearest']

describe('resizePixels', () => {
  it.each(recorded)(
    'makes of %d x %d pixels of %d channels %d x %d by %s, bit for bit as Pillow',
    (...row) => {
      const [width, height, channels, toWidth, toHeight, filter, before, after] = row
      const source = { width, height, channels, data: Buffer.from(before, 'base64') }
      const resized = resizePixels(source, toWidth, toHeight, filter)
      expect({ ...resized, data: Buffer.from(resized.data).toString('base64') }).toEqual({
        ...{ width: toWidth, height: toHeight, channels },
        data: after,
      })
    },
  )

  const side = fc.integer({ min: 1, max: 9 })
  const picture = fc.tuple(side, side, fc.constantFrom<3 | 4>(3, 4)).chain(([width, height, channels]) => {
    const length = width * height * channels
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((data): Pixels => ({ width, height, channels, data }))
  })

  it('leaves a picture of the wanted size as it is', () => {
    fc.assert(
      fc.property(picture, fc.constantFrom(...filters), (source, filter) => {
        expect(resizePixels(source, source.width, source.height, filter).data).toEqual(source.data)
      }),
    )
  })

  it('keeps one colour what it is at every size, without ringing or loss', () => {
    const request = fc.tuple(
      side,
      side,
      side,
      side,
      fc.constantFrom(...filters),
      fc.integer({ max: 255, min: 0 }),
    )
    fc.assert(
      fc.property(request, ([width, height, toWidth, toHeight, filter, level]) => {
        const data = new Uint8Array(width * height * 3).fill(level)
        const resized = resizePixels({ width, height, channels: 3, data }, toWidth, toHeight, filter)
        expect(new Set(resized.data)).toEqual(new Set([level]))
      }),
    )
  })
})

describe('transposePixels', () => {
  it('puts columns for rows, channels together', () => {
    // prettier-ignore
    const data = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
    const turned = transposePixels({ width: 3, height: 2, channels: 3, data })
    expect([turned.width, turned.height]).toEqual([2, 3])
    expect([...turned.data]).toEqual([1, 2, 3, 10, 11, 12, 4, 5, 6, 13, 14, 15, 7, 8, 9, 16, 17, 18])
  })
})
