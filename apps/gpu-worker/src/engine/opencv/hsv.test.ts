import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fromHsv, toHsv } from './hsv.ts'

/** Sixty colours, what OpenCV 4.11 makes of them, and of those with a value of 200. */
const recorded = JSON.parse(readFileSync(new URL('__fixtures__/hsv.json', import.meta.url), 'utf8')) as {
  rgb: number[]
  hsv: number[]
  bright: number[]
}

describe('hue, saturation and value', () => {
  it('are those of OpenCV', () => {
    expect([...toHsv(Uint8Array.from(recorded.rgb))]).toEqual(recorded.hsv)
  })

  it('become the colours that OpenCV makes of them', () => {
    const bright = Uint8Array.from(recorded.hsv, (value, i) => (i % 3 === 2 ? 200 : value))
    const worst = [...fromHsv(bright)].map((value, i) => Math.abs(value - recorded.bright[i]!))
    expect(Math.max(...worst)).toBeLessThanOrEqual(1)
  })
})
