import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import type { UnetLayout } from '../checkpoint/detect-unet.ts'
import { readCases } from '../test-kit.ts'
import { WebuiHyperTile } from './webui-hyper-tile.ts'

/** What A1111's hypertile.py drew for calls of a denoiser and a decoder: counts of tiles, down and across in turn. */
interface Case {
  readonly kind: string
  readonly width: number
  readonly height: number
  readonly seed: string
  readonly levels: readonly (readonly number[])[]
  readonly outputs: readonly number[]
  readonly middle: number
  readonly options: Readonly<Record<string, number>>
  readonly calls: readonly (readonly ['denoise' | 'decode' | 'second', number, number, readonly number[]])[]
}

const cases = readCases<Case>(new URL('__fixtures__/webui-hyper-tile.jsonl', import.meta.url))

function open({ options, seed, width, height }: Case): WebuiHyperTile {
  const { unet, second, depth, tile, swap, vae, tile_vae: decoderTile, swap_vae: decoderSwap } = options
  const settings = {
    firstPass: Boolean(unet),
    secondPass: Boolean(unet) || Boolean(second),
    ...{ denoiserDepth: depth!, denoiserTile: tile!, denoiserSwap: swap! },
    ...{ decoder: Boolean(vae), decoderTile: decoderTile!, decoderSwap: decoderSwap! },
  }
  return new WebuiHyperTile(settings, { seed: BigInt(seed), width, height })
}

const layoutOf = ({ levels, outputs, middle }: Case): UnetLayout => ({
  levels: levels.map((depths) => ({ channels: 64, depths })),
  outputDepths: outputs,
  middleDepth: middle,
})

/** The counts in what a call's attentions are told. */
function drawn(tiles: WebuiHyperTile, recorded: Case, [width, height]: readonly [number, number]): number[] {
  const inputs = {
    latent: createTensor([1, 4, height / 8, width / 8]),
    timesteps: Float32Array.of(1),
    context: createTensor([1, 77, 64]),
  }
  const shared = tiles.patch(layoutOf(recorded), recorded.kind !== 'sd1').share!(inputs)
  const values = [...(Object.values(shared?.values ?? {})[0]?.data ?? [])]
  return values.filter((_, i) => i % 6 === 0 || i % 6 === 2)
}

describe('tiles of A1111', () => {
  it.each(cases.map((one, index) => [index, one.kind, one.width, one.height, one] as const))(
    'are drawn as the original draws them: %i, %s of %i x %i',
    (...[, , , , recorded]) => {
      const tiles = open(recorded)
      for (const [what, width, height, counts] of recorded.calls) {
        if (what === 'second') tiles.beginSecondPass({ width, height })
        if (what === 'denoise') expect(drawn(tiles, recorded, [width, height])).toEqual(counts)
        if (what !== 'decode') continue
        const decoder = tiles.drawDecoderTiles(height / 8, width / 8)
        expect(decoder === undefined ? [] : [decoder.down, decoder.across]).toEqual(counts)
      }
    },
  )

  it('hold all tokens of an attention, of one whose tokens are merged too', () => {
    const recorded = { ...cases[0]!, width: 1024, height: 1024 }
    const tiles = open(recorded)
    const patch = tiles.patch(layoutOf(recorded), false, () => 4096)
    const shared = patch.share!({
      latent: createTensor([1, 4, 128, 128]),
      timesteps: Float32Array.of(1),
      context: createTensor([1, 77, 64]),
    })
    const numbers = [...Object.values(shared!.values)[0]!.data]
    const rows = Array.from({ length: numbers.length / 6 }, (_, row) => numbers.slice(6 * row, 6 * row + 6))
    expect(rows[0]![5]).toBe(128 * 128 - 4096)
    expect(rows[2]![5]).toBe(64 * 64)
    for (const [down, tileRows, across, tileColumns, tile, whole] of rows) {
      expect(tileRows! * tileColumns!).toBe(tile)
      expect(down! * across! * tile!).toBe(whole)
    }
  })
})
