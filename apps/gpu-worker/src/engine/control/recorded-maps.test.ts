import { PREPROCESSORS } from '@atelier/catalog'
import { ResizeMode } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { choosePixelPerfect } from './pixel-perfect.ts'
import { PREPROCESSES, preprocess } from './preprocess/index.ts'
import { openRecordedMaps } from './test-kit/recorded-maps.ts'

describe('preprocessors make what the extension makes', () => {
  const { cases, compare } = openRecordedMaps('preprocessors')
  const isExact = /^(threshold|invert|none|inpaint.*|tile_.*|reference.*|recolor.*)$/
  it.each(cases)('$fn, case $id: $args', (row) => {
    const module = String(row.args['module'] ?? row.fn)
    const { largest, share } = compare(row)
    if (/^(canny|scribble_xdog)$/.test(module)) expect(share).toBeLessThan(0.005)
    else expect(largest).toBeLessThanOrEqual(isExact.test(module) ? 0 : 1)
  })
})

describe('control pictures are brought to size as the extension does it', () => {
  const { cases, compare } = openRecordedMaps('fitted-maps')
  it.each(cases)('case $id: $args', (row) => {
    expect(compare(row).largest).toBeLessThanOrEqual(1)
  })
})

describe('preprocessors', () => {
  const picture = { width: 2, height: 1, channels: 3 as const, data: Uint8Array.of(1, 2, 3, 4, 5, 6) }
  const settings = { resolution: 64, thresholdA: 1, thresholdB: 1, seed: 0 }

  it('that need no weights are those the catalog says are built in', () => {
    const builtIn = PREPROCESSORS.filter((one) => one.isBuiltIn).map(({ name }) => name)
    expect([...PREPROCESSES.keys()].sort()).toEqual(builtIn.sort())
  })

  it('that need weights are refused with their name and the reason', () => {
    expect(() => preprocess('depth', picture, settings)).toThrow(/depth needs a network of its own/)
  })

  it('hand finished control pictures on as they are', () => {
    expect(preprocess('none', picture, settings)).toBe(picture)
  })

  it('lay transparent pictures on white first', () => {
    const clear = { width: 1, height: 1, channels: 4 as const, data: Uint8Array.of(10, 20, 30, 0) }
    expect([...preprocess('invert', clear, settings).data]).toEqual([0, 0, 0])
  })

  it('of one seed shuffle alike, of another otherwise', () => {
    const large = {
      width: 8,
      height: 8,
      channels: 3 as const,
      data: Uint8Array.from({ length: 192 }, (_, i) => i),
    }
    const made = (seed: number) => preprocess('shuffle', large, { ...settings, resolution: 64, seed }).data
    expect(made(3)).toEqual(made(3))
    expect(made(3)).not.toEqual(made(4))
  })
})

describe('pixel perfect', () => {
  // Recorded from the extension.
  it.each([
    { image: [64, 48], target: [768, 512], mode: ResizeMode.RESIZE_MODE_CROP, expected: 576 },
    { image: [64, 48], target: [512, 768], mode: ResizeMode.RESIZE_MODE_FILL, expected: 384 },
    { image: [333, 777], target: [512, 512], mode: ResizeMode.RESIZE_MODE_FILL, expected: 219 },
    { image: [1024, 512], target: [512, 768], mode: ResizeMode.RESIZE_MODE_STRETCH, expected: 768 },
  ])('of $image for $target is $expected', ({ image, target, mode, expected }) => {
    const size = ([width, height]: number[]) => ({ width: width!, height: height! })
    expect(choosePixelPerfect(size(image), size(target), mode)).toBe(expected)
  })
})
