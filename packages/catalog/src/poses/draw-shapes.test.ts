import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { clipLine } from './clip-line.ts'
import { drawThickLine, fillCircle, fillPolygon, outlineEllipse, roundEven } from './draw-shapes.ts'
import { createCanvas, fillSpan, setPixel, type Canvas, type Colour } from './raster.ts'

type Numbers = readonly number[]
type Drawn = readonly [...Numbers, string]

// OpenCV 4.9: clipLine, circle (filled), line, ellipse2Poly and fillConvexPoly; pixels as bits, row by row (base64).
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/opencv-shapes.json', import.meta.url), 'utf8'),
) as {
  readonly clipped: readonly [width: number, height: number, line: Numbers, inside: Numbers | null][]
  readonly discs: readonly [number, number, number, number, number, string][]
  readonly lines: readonly [number, number, Numbers, number, string][]
  readonly outlines: readonly [number, number, number, number, number, Numbers][]
  readonly ellipses: readonly Drawn[]
}
const COLOUR: Colour = [200, 100, 50]

/** Pixels that were drawn on, as bits; every one of them has the whole colour. */
function toBits({ width, height, data }: Canvas): string {
  const bits = Buffer.alloc(Math.ceil((width * height) / 8))
  for (let i = 0; i < width * height; i += 1) {
    const pixel = data.subarray(3 * i, 3 * i + 3)
    if (pixel.every((value) => value === 0)) continue
    expect([...pixel]).toEqual(COLOUR)
    bits[i >> 3]! |= 128 >> (i & 7)
  }
  return bits.toString('base64')
}

describe('clipLine', () => {
  it.each(recorded.clipped)('leaves on %d x %d pixels of %j what OpenCV leaves: %j', (...row) => {
    const [width, height, [x1, y1, x2, y2], inside] = row
    const clipped = clipLine({ x: x1!, y: y1! }, { x: x2!, y: y2! }, { right: width - 1, bottom: height - 1 })
    expect(clipped?.flatMap(({ x, y }) => [x, y]) ?? null).toEqual(inside)
  })
})

describe('shapes', () => {
  it.each(recorded.discs)('on %d x %d pixels: the disc around (%d, %d) of %d that OpenCV draws', (...row) => {
    const [width, height, x, y, radius, bits] = row
    const canvas = createCanvas(width, height)
    fillCircle(canvas, { x, y }, radius, COLOUR)
    expect(toBits(canvas)).toBe(bits)
  })

  it.each(recorded.lines)('on %d x %d pixels: the line %j of %d that OpenCV draws', (...row) => {
    const [width, height, [x1, y1, x2, y2], thickness, bits] = row
    const canvas = createCanvas(width, height)
    const ends = [
      { x: x1!, y: y1! },
      { x: x2!, y: y2! },
    ] as const
    drawThickLine(canvas, ends, { thickness, colour: COLOUR })
    expect(toBits(canvas)).toBe(bits)
  })

  it.each(recorded.outlines)('outline the ellipse (%d, %d), %d x %d, turned by %d as OpenCV', (...row) => {
    const [x, y, across, down, angle, corners] = row
    const outline = outlineEllipse({ x, y }, [across, down], angle)
    expect(outline.flatMap(({ x: cx, y: cy }) => [cx + 0, cy + 0])).toEqual(corners)
  })

  it.each(recorded.ellipses)(
    'on %d x %d pixels: the ellipse that OpenCV fills (%d, %d; %d, %d; %d)',
    (...row) => {
      const [width, height, x, y, across, down, angle] = row.slice(0, -1) as [
        ...[number, number, number, number, number, number, number],
      ]
      const canvas = createCanvas(width, height)
      fillPolygon(canvas, outlineEllipse({ x, y }, [across, down], angle), { colour: COLOUR })
      expect(toBits(canvas)).toBe(row.at(-1))
    },
  )
})

describe('a canvas', () => {
  it('takes no pixel that is not on it, neither in the row before nor after', () => {
    const canvas = createCanvas(3, 2)
    for (const [x, y] of [
      [-1, 0],
      [3, 0],
      [0, -1],
      [0, 2],
      [-1, 1],
    ] as const)
      setPixel(canvas, { x, y }, COLOUR)
    fillSpan(canvas, { y: 2, from: 0, to: 2 }, COLOUR)
    fillSpan(canvas, { y: -1, from: 0, to: 2 }, COLOUR)
    fillSpan(canvas, { y: 0, from: 2, to: 1 }, COLOUR)
    expect(canvas.data.every((value) => value === 0)).toBe(true)
    fillSpan(canvas, { y: 0, from: -5, to: 0 }, COLOUR)
    fillSpan(canvas, { y: 1, from: 2, to: 9 }, COLOUR)
    expect(toBits(canvas)).toBe(Buffer.of(0b1000_0100).toString('base64'))
  })
})

it('rounds halves to even numbers, as rint does', () => {
  const values = [0.5, 1.5, 2.5, -0.5, -1.5, 2.4, 2.6, -2.6, 7]
  expect(values.map(roundEven).map((value) => value + 0)).toEqual([0, 2, 2, 0, -2, 2, 3, -3, 7])
})
