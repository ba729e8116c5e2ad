import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Raster } from './raster.ts'
import { resizeRaster, type Interpolation } from './resize.ts'

// cv2.resize of OpenCV 4.9 and 4.11 on x86, which agree: width, height, channels, new width and height, interpolation, bytes or floats, samples before
// and after (base64).
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/resize.json', import.meta.url), 'utf8'),
) as Row[]

type Row = readonly [number, number, number, number, number, Interpolation, 'b' | 'f', string, string]

function toSamples(text: string, kind: 'b' | 'f'): Raster['data'] {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
  return kind === 'b' ? bytes : new Float32Array(bytes.buffer)
}

/** Largest difference from OpenCV. */
const toTolerance = (kind: 'b' | 'f') => (kind === 'f' ? 1e-3 : 0)

describe('resizeRaster', () => {
  it.each(recorded)('makes of %d x %d samples of %d channels %d x %d by %s of %s as OpenCV', (...row) => {
    const [width, height, channels, toWidth, toHeight, interpolation, kind, before, after] = row
    const source: Raster = { width, height, channels, data: toSamples(before, kind) }
    const resized = resizeRaster(source, { width: toWidth, height: toHeight }, interpolation)
    const expected = toSamples(after, kind)
    expect(resized).toMatchObject({ width: toWidth, height: toHeight, channels })
    expect(resized.data).toHaveLength(expected.length)
    const worst = Math.max(...[...expected].map((value, i) => Math.abs(value - resized.data[i]!)))
    expect(worst).toBeLessThanOrEqual(toTolerance(kind))
  })
})
