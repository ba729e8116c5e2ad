import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import { createHyperTile, findTiles } from './hyper-tile.ts'

const settings = { tileSize: 256, scalesDepth: false }
const inputsOf = (height: number, width: number): NetworkInputs => ({
  latent: createTensor([1, 4, height, width]),
  timesteps: Float32Array.of(0),
  context: createTensor([1, 77, 64]),
})

describe('tiles of a level', () => {
  it.each([
    ['a square of 1024 pixels', { height: 128, width: 128, depth: 0 }, [4, 32, 4, 32, 1024, 16384]],
    ['its second level', { height: 128, width: 128, depth: 1 }, [2, 32, 2, 32, 1024, 4096]],
    ['a latent of 768 x 512 pixels', { height: 96, width: 64, depth: 0 }, [2, 32, 3, 32, 1024, 6144]],
    ['a small latent, which is left whole', { height: 16, width: 16, depth: 0 }, [1, 16, 1, 16, 256, 256]],
  ])('%s', (_, place, tiles) => {
    expect(findTiles(place, settings)).toEqual(tiles)
  })

  it('are none where a side was rounded on the way down', () => {
    expect(findTiles({ height: 97, width: 64, depth: 1 }, settings)).toEqual([1, 1568, 1, 1, 1568, 1568])
  })

  it('are larger on deeper levels where that is asked for', () => {
    const scaled = { tileSize: 128, scalesDepth: true }
    expect(findTiles({ height: 128, width: 128, depth: 1 }, scaled)).toEqual([2, 32, 2, 32, 1024, 4096])
  })
})

describe('HyperTile', () => {
  it('stays out of calls that nothing is cut in', () => {
    const patch = createHyperTile({ ...settings, maxDepth: 1 }, 0)
    expect(patch.share!(inputsOf(16, 16))).toBeUndefined()
  })

  it('tells calls of other tiles apart', () => {
    const patch = createHyperTile({ ...settings, maxDepth: 0 }, 0)
    const keys = [inputsOf(128, 128), inputsOf(64, 256)].map((inputs) => patch.share!(inputs)?.key)
    expect(new Set(keys).size).toBe(2)
  })
})
