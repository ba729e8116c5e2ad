import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findEdges } from './canny.ts'
import { blurBytes, blurFloats } from './gaussian-blur.ts'
import { dilateRaster, erodeRaster, square } from './morphology.ts'
import { splitByOtsu } from './otsu.ts'
import type { ByteRaster, FloatRaster, Samples } from './raster.ts'
import { remapRaster } from './remap.ts'
import { resizeRaster } from './resize.ts'

// OpenCV 4.11 on x86: a function, width, height, channels, what it was given, samples before and after (base64).
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/filters.json', import.meta.url), 'utf8'),
) as Row[]

type Name = 'canny' | 'blur bytes' | 'blur floats' | 'dilate' | 'erode' | 'otsu' | 'remap' | 'area'
type Row = readonly [Name, number, number, number, readonly (number | string)[], string, string]

const toBytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'))
const toFloats = (text: string) => new Float32Array(toBytes(text).buffer)

function apply([name, width, height, channels, given, before]: Row): Samples {
  const [first = 0, second = 0] = given.map(Number)
  const bytes: ByteRaster = { width, height, channels, data: toBytes(before) }
  switch (name) {
    case 'canny':
      return findEdges(bytes, first, second).data
    case 'blur bytes':
      return blurBytes(bytes, first).data
    case 'blur floats': {
      const floats: FloatRaster = { width, height, channels, data: toFloats(before) }
      return blurFloats(floats, first).data
    }
    case 'dilate':
      return dilateRaster(bytes, square(first)).data
    case 'erode':
      return erodeRaster(bytes, square(first)).data
    case 'otsu':
      return splitByOtsu(bytes).data
    case 'remap': {
      const [across, down] = given.map((text) => toFloats(String(text)))
      return remapRaster({ width, height, channels: 3, data: bytes.data }, across!, down!).data
    }
    case 'area':
      return resizeRaster(bytes, { width: first, height: second }, 'area').data
  }
}

describe('filters of rasters', () => {
  it.each(recorded)('make by %s of %d x %d samples of %d channels what OpenCV makes', (...row) => {
    const [name, , , , , , after] = row
    const made = apply(row)
    if (name !== 'blur floats') return expect([...made]).toEqual([...toBytes(after)])
    const expected = toFloats(after)
    expect(made).toHaveLength(expected.length)
    const worst = Math.max(...expected.map((value, i) => Math.abs(value - made[i]!)))
    // In units of a byte.
    expect(worst).toBeLessThan(1e-3)
  })
})
