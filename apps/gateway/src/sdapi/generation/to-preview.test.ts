import type { ExactValue } from '@atelier/catalog/exact-json'
import { PreviewMethod } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import { toPreview } from './to-preview.ts'

describe('toPreview', () => {
  it.each([
    ['Full', PreviewMethod.PREVIEW_METHOD_FULL],
    ['Approx NN', PreviewMethod.PREVIEW_METHOD_APPROX_NETWORK],
    ['Approx cheap', PreviewMethod.PREVIEW_METHOD_APPROX_CHEAP],
    ['TAESD', PreviewMethod.PREVIEW_METHOD_TINY],
    ['something else', PreviewMethod.PREVIEW_METHOD_APPROX_NETWORK],
  ])('decodes by %s', (name, method) => {
    expect(toPreview(new Map([['show_progress_type', name]]))).toMatchObject({ method })
  })

  it.each<[Record<string, ExactValue>, number]>([
    [{}, 10],
    [{ show_progress_every_n_steps: 3 }, 3],
    [{ show_progress_every_n_steps: -1 }, 0],
    [{ show_progress_every_n_steps: 1e9 }, 1000],
    [{ live_previews_enable: false }, 0],
  ])('is made every so many steps: %j', (changes, everySteps) => {
    expect(toPreview(new Map(Object.entries({ live_previews_enable: true, ...changes })))).toMatchObject({
      everySteps,
    })
  })
})
