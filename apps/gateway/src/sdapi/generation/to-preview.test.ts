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
    expect(toPreview(new Map([['show_progress_type', name]]), 1)).toMatchObject({ method })
  })

  it.each<[Record<string, ExactValue>, number]>([
    [{}, 10],
    [{ show_progress_every_n_steps: 3 }, 3],
    [{ show_progress_every_n_steps: -1 }, 0],
    [{ show_progress_every_n_steps: 1e9 }, 1000],
    [{ live_previews_enable: false }, 0],
  ])('is made every so many steps: %j', (changes, everySteps) => {
    expect(toPreview(new Map(Object.entries({ live_previews_enable: true, ...changes })), 1)).toMatchObject({
      everySteps,
    })
  })

  // Rows of image_grid in A1111 1.10.1.
  it.each<[number, Record<string, ExactValue>, number]>([
    [1, {}, 0],
    [2, {}, 1],
    [4, {}, 2],
    [7, {}, 3],
    [4, { n_rows: 3 }, 3],
    [4, { n_rows: 0 }, 1],
    [6, { grid_prevent_empty_spots: true }, 2],
    [4, { show_progress_grid: false }, 0],
  ])('of a batch of %i images with %j is a grid of %i rows', (batchSize, changes, gridRows) => {
    const options = new Map<string, ExactValue>(
      Object.entries({ show_progress_grid: true, n_rows: -1, ...changes }),
    )
    expect(toPreview(options, batchSize)).toMatchObject({ gridRows, gridBackground: 0xffffff })
  })
})
