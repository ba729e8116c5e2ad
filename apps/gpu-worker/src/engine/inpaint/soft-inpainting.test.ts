import { readFileSync } from 'node:fs'
import type { SoftInpainting } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { blendSoftly } from '../denoise/soft-blend.ts'
import { createTensor } from '../tensor/tensor.ts'
import { filterByPercentiles } from './histogram-filter.ts'
import { makeSoftOverlay } from './soft-overlay.ts'

type Settings = readonly [number, number, number, number, number, number]

interface Recorded {
  readonly blends: readonly {
    readonly settings: Settings
    readonly sigma: number
    readonly kept: string
    readonly drawn: string
    readonly mask: string
    readonly expected: string
  }[]
  readonly filters: readonly {
    readonly frm: number
    readonly to: number
    readonly values: string
    readonly expected: string
  }[]
  readonly overlays: readonly {
    readonly settings: Settings
    readonly width: number
    readonly height: number
    readonly paste: readonly [number, number, number, number] | null
    readonly sourceWidth: number
    readonly sourceHeight: number
    readonly source: string
    readonly drawn: string
    readonly mask: string
    readonly picture: string
    readonly expectedMask: string
    readonly expectedOverlay: string
  }[]
}

// Made with the functions of A1111 v1.10.1's soft inpainting (torch, NumPy, Pillow 9.5) over random latents; base64.
const RECORDED = JSON.parse(
  readFileSync(new URL('./__fixtures__/soft-inpainting.json', import.meta.url), 'utf8'),
) as Recorded
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
const floats = (text: string) => new Float32Array(bytes(text).buffer)
const doubles = (text: string) => new Float64Array(bytes(text).buffer)

function toSettings(values: Settings): SoftInpainting {
  const [scheduleBias, preservationStrength, contrastBoost, ...rest] = values
  const [maskInfluence, differenceThreshold, differenceContrast] = rest
  return {
    ...{ scheduleBias, preservationStrength, contrastBoost },
    ...{ maskInfluence, differenceThreshold, differenceContrast },
  }
}

describe('soft inpainting', () => {
  it.each(RECORDED.blends)('blends latents as the original at sigma $sigma, settings $settings', (one) => {
    const shape = [2, 4, 5, 6]
    const plane = floats(one.mask)
    const mask = createTensor(
      shape,
      Float32Array.from({ length: 240 }, (_, i) => plane[i % 30]!),
    )
    const settings = toSettings(one.settings)
    const blended = blendSoftly(
      createTensor(shape, floats(one.drawn)),
      createTensor(shape, floats(one.kept)),
      {
        ...{ mask, sigma: one.sigma, settings },
      },
    )
    const expected = floats(one.expected)
    const furthest = Math.max(...blended.data.map((value, i) => Math.abs(value - expected[i]!)))
    expect(furthest).toBeLessThan(1e-5)
  })

  it.each(RECORDED.filters)(
    'filters by percentiles $frm to $to as the original',
    ({ frm, to, values, expected }) => {
      const filtered = filterByPercentiles({ width: 7, height: 6, data: doubles(values) }, { from: frm, to })
      const wanted = doubles(expected)
      filtered.data.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 10))
    },
  )

  it.each(RECORDED.overlays)('lays back what changed little, settings $settings, pasted to $paste', (one) => {
    const [height, width] = [one.height / 8, one.width / 8]
    const latent = (text: string) => createTensor([1, 4, height, width], floats(text))
    const source = {
      width: one.sourceWidth,
      height: one.sourceHeight,
      channels: 3 as const,
      data: bytes(one.picture),
    }
    const [left, top, w, h] = one.paste ?? [0, 0, 0, 0]
    const { overlay, mask } = makeSoftOverlay(
      source,
      {
        source: latent(one.source),
        drawn: latent(one.drawn),
        mask: createTensor([1, 1, height, width], floats(one.mask)),
      },
      {
        ...{ width: one.width, height: one.height },
        pasteTo: one.paste === null ? undefined : { left, top, right: left + w, bottom: top + h },
      },
      toSettings(one.settings),
    )
    const furthest = (actual: Uint8Array, expected: Uint8Array) =>
      actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0)
    // The tolerance of Gaussian blurs and overlays in these recordings.
    expect(furthest(mask.data, bytes(one.expectedMask))).toBeLessThanOrEqual(2)
    const expected = bytes(one.expectedOverlay)
    const seen = overlay.data.map((value, i) =>
      expected[i | 3] === 0 && overlay.data[i | 3] === 0 ? 0 : value,
    )
    const wanted = expected.map((value, i) =>
      expected[i | 3] === 0 && overlay.data[i | 3] === 0 ? 0 : value,
    )
    const opaque = (data: Uint8Array) => data.filter((_, i) => expected[i | 3]! > 32)
    expect(furthest(opaque(Uint8Array.from(seen)), opaque(Uint8Array.from(wanted)))).toBeLessThanOrEqual(8)
    expect(
      furthest(
        seen.filter((_, i) => i % 4 === 3),
        wanted.filter((_, i) => i % 4 === 3),
      ),
    ).toBeLessThanOrEqual(2)
  })

  it('keeps the source where nothing is to be drawn, and what was drawn where all is', () => {
    const shape = [1, 4, 1, 2]
    const mask = createTensor(shape, Float32Array.from([0, 1, 0, 1, 0, 1, 0, 1]))
    const [drawn, kept] = [1, 2].map((value) => createTensor(shape, new Float32Array(8).fill(value)))
    const settings = toSettings([1, 0.5, 4, 0, 0.5, 2])
    const blended = blendSoftly(drawn!, kept!, { mask, sigma: 3, settings })
    ;[2, 1, 2, 1, 2, 1, 2, 1].forEach((value, i) => expect(blended.data[i]).toBeCloseTo(value, 4))
  })
})
