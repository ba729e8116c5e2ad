import { describe, expect, it } from 'vitest'
import { spreadTiles, toUpscaledSide } from './tile-grid.ts'

describe('spreadTiles', () => {
  // A1111 1.10's split_grid (fixtures/webui-wire/images, 0287): 70x50 in tiles of 32 with 8 in common.
  it('spreads tiles evenly, as the original does', () => {
    expect(spreadTiles({ size: 70, tile: 32, overlap: 8 })).toEqual([0, 19, 38])
    expect(spreadTiles({ size: 50, tile: 32, overlap: 8 })).toEqual([0, 18])
  })

  it('takes one tile for a picture of its size, and one that reaches beyond a smaller one', () => {
    expect(spreadTiles({ size: 64, tile: 64, overlap: 16 })).toEqual([0])
    expect(spreadTiles({ size: 40, tile: 64, overlap: 16 })).toEqual([-24])
  })

  it('gives none where a picture is no longer than the overlap', () => {
    expect(spreadTiles({ size: 16, tile: 64, overlap: 16 })).toEqual([])
  })
})

describe('toUpscaledSide', () => {
  it.each([
    [64, 2, 128],
    [64, 1.5, 96],
    [100, 1, 96],
    [33, 4, 128],
  ])('makes %i times %d whole eights: %i', (side, factor, expected) => {
    expect(toUpscaledSide(side, factor)).toBe(expected)
  })
})
